from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "servicecentre.staff"
    label = "staff"
    verbose_name = "员工"
