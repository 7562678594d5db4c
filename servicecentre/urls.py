"""The map: includes only. Mounted once per estate, so no path names one."""
from django.urls import path

from servicecentre.desk import health
from servicecentre.staff import views as staff

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("sign-in/", staff.sign_in, name="sign_in"),
    path("sign-out/", staff.sign_out, name="sign_out"),
    path("estates/", staff.switch_estate, name="switch_estate"),
]
