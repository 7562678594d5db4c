"""The roof's pages."""
from django.urls import path

from . import account, home, household, promises, search

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("households/<int:pk>/", household.household, name="household"),
    path("promises/new/", promises.make, name="make_promise"),
    path("account/password/", account.password, name="password"),
]
