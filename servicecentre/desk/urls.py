"""The roof's pages."""
from django.urls import path

from . import account, attachments, home, household, promises, search, settlement
from .views import estate, office, partners

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
    path("estate/", estate.show_estate, name="estate"),
    path("estate/change/", estate.change_estate, name="change_estate"),
    path("estate/phones/add/", estate.add_phone, name="add_phone"),
    path("estate/phones/<int:pk>/", estate.change_phone, name="change_phone"),
    path("estate/phones/<int:pk>/remove/", estate.remove_phone, name="remove_phone"),
    path("office/", office.show_settings, name="settings"),
    path("office/settings/change/", office.change_setting, name="change_setting"),
    path("office/settings/changes/", office.show_changes, name="setting_changes"),
    path("office/calendar/", office.show_calendar, name="calendar"),
    path("office/calendar/official/", office.take_official_days, name="take_official_days"),
    path("office/calendar/mark/", office.mark_day, name="mark_day"),
    path("office/calendar/<int:pk>/unmark/", office.unmark_day, name="unmark_day"),
    path("office/departments/", partners.show_departments, name="departments"),
    path("office/departments/add/", partners.add_department, name="add_department"),
    path("office/departments/<int:pk>/", partners.change_department, name="change_department"),
    path("office/contractors/", partners.show_contractors, name="contractors"),
    path("office/contractors/add/", partners.add_contractor, name="add_contractor"),
    path("office/contractors/<int:pk>/", partners.change_contractor, name="change_contractor"),
    path("office/contractors/<int:pk>/people/add/", partners.add_contractor_person, name="add_contractor_person"),
    path("office/contractors/people/<int:pk>/", partners.change_contractor_person, name="change_contractor_person"),
    path("account/password/", account.password, name="password"),
]
