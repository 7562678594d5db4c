"""The roof's pages."""
from django.urls import path

from . import account, home, household, promises, search, settlement

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("households/<int:pk>/", household.household, name="household"),
    path("households/<int:pk>/statement/", settlement.seller_statement, name="seller_statement"),
    path("promises/new/", promises.make, name="make_promise"),
    path("account/password/", account.password, name="password"),
]
