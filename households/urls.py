"""The register: the map. The household's own page is the roof's (desk/household.py)."""
from django.urls import path

from .views import importing, owners, people, register

app_name = "households"
urlpatterns = [
    path("units/", register.units, name="units"),
    path("units/add/", register.add_unit, name="add_unit"),
    path("units/<int:pk>/", register.unit, name="unit"),
    path("units/<int:pk>/change/", register.change_unit, name="change_unit"),
    path("units/<int:pk>/area/", register.change_area, name="change_area"),
    path("units/<int:pk>/open/", register.open_household, name="open_household"),
    path("units/<int:pk>/change-owner/", register.change_owner, name="change_owner"),
    path("households/<int:pk>/change/", register.change_household, name="change_household"),
    path("households/<int:pk>/residents/add/", people.add_resident, name="add_resident"),
    path("households/<int:pk>/tenants/add/", people.add_tenant, name="add_tenant"),
    path("households/<int:pk>/contacts/add/", people.add_contact, name="add_contact"),
    path("households/<int:pk>/vehicles/add/", people.add_vehicle, name="add_vehicle"),
    path("households/<int:pk>/phones/", people.reveal_phones, name="reveal_phones"),
    path("households/<int:pk>/people/<int:person_pk>/", people.change_person, name="change_person"),
    path("households/<int:pk>/people/<int:person_pk>/identity/", people.reveal_identity, name="reveal_identity"),
    path("households/<int:pk>/people/<int:person_pk>/death/", owners.record_death, name="record_death"),
    path("households/<int:pk>/people/<int:person_pk>/merge/", owners.merge_people, name="merge_people"),
    path("households/<int:pk>/owners/add/", owners.add_owner, name="add_owner"),
    path("households/<int:pk>/first-day/", owners.correct_first_day, name="correct_first_day"),
    path("households/<int:pk>/history/", owners.history, name="history"),
    path("owners/<int:pk>/share/", owners.change_share, name="change_share"),
    path("owners/<int:pk>/remove/", owners.remove_owner, name="remove_owner"),
    path("residents/<int:pk>/", people.change_resident, name="change_resident"),
    path("tenants/<int:pk>/", people.change_tenant, name="change_tenant"),
    path("contacts/<int:pk>/", people.change_contact, name="change_contact"),
    path("vehicles/<int:pk>/", people.change_vehicle, name="change_vehicle"),
    path("residents/<int:pk>/leave/", people.end_residence, name="end_residence"),
    path("contacts/<int:pk>/remove/", people.remove_contact, name="remove_contact"),
    path("vehicles/<int:pk>/end/", people.end_vehicle, name="end_vehicle"),
    path("import/", importing.uploads, name="import"),
    path("import/<int:pk>/", importing.report, name="import_report"),
    path("import/<int:pk>/columns/", importing.read_again, name="import_columns"),
    path("import/<int:pk>/apply/", importing.apply, name="import_apply"),
    path("import/<int:pk>/changes/", importing.changes, name="import_changes"),
    path("import/<int:pk>/wrong-rows/", importing.wrong_rows, name="import_wrong_rows"),
]
