"""The work log: the map of what it knows by itself; pages that also look at rooms, receipts and the outer journal are the roof's."""
from django.urls import path

from . import views

app_name = "worklog"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("entries/<int:pk>/", views.entry, name="entry"),
    path("entries/<int:pk>/correct/", views.correct, name="correct_remark"),
    path("promises/", views.promises, name="promises"),
    path("promises/<int:pk>/keep/", views.keep, name="keep_promise"),
    path("promises/<int:pk>/move/", views.move, name="move_promise"),
]
