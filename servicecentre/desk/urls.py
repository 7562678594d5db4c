"""The roof's pages."""
from django.urls import path

from . import home, household, search

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("households/<int:pk>/", household.household, name="household"),
]
