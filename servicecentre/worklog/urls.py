"""The work log: the map."""
from django.urls import path

from . import views

app_name = "worklog"
urlpatterns = [
    path("", views.day, name="day"),
    path("remark/", views.remark, name="make_remark"),
    path("entries/<int:pk>/", views.entry, name="entry"),
    path("promises/", views.promises, name="promises"),
    path("promises/<int:pk>/keep/", views.keep, name="keep_promise"),
    path("promises/<int:pk>/move/", views.move, name="move_promise"),
]
