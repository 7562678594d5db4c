"""The map: includes only. Mounted once per estate, so no path names one."""
from django.urls import include, path

from servicecentre.desk import health
from servicecentre.papers.views import scan
from servicecentre.staff import views as staff

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("sign-in/", staff.sign_in, name="sign_in"),
    path("sign-out/", staff.sign_out, name="sign_out"),
    path("estates/", staff.switch_estate, name="switch_estate"),
    path("q/<str:mark>", scan.mark, name="mark"),
    path("", include("servicecentre.desk.urls")),
    path("", include("households.urls")),
    path("billing/", include("billing.urls")),
    path("", include("tickets.urls")),
    path("log/", include("servicecentre.desk.log_urls")),
    path("files/", include("servicecentre.files.urls")),
    path("jobs/", include("servicecentre.jobs.urls")),
    path("papers/", include("servicecentre.papers.urls")),
    path("texts/", include("servicecentre.papers.texts.urls")),
]
