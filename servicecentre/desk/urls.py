"""The roof's pages."""
from django.urls import path

from . import account, attachments, home, household, promises, search, settlement

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("households/<int:pk>/", household.household, name="household"),
    path("households/<int:pk>/statement/", settlement.seller_statement, name="seller_statement"),
    path("households/<int:pk>/files/", attachments.household_files, name="household_files"),
    path("households/<int:pk>/files/add/", attachments.attach_household_files, name="attach_household_files"),
    path("promises/<int:pk>/files/", attachments.promise_files, name="promise_files"),
    path("promises/<int:pk>/files/add/", attachments.attach_promise_files, name="attach_promise_files"),
    path("files/<int:pk>/reveal/", attachments.reveal, name="reveal_scan"),
    path("files/<int:pk>/remove/", attachments.remove, name="remove_file"),
    path("promises/new/", promises.make, name="make_promise"),
    path("account/password/", account.password, name="password"),
]
