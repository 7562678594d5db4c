from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "servicecentre.staff"
    label = "staff"
    verbose_name = "员工"

    def ready(self):
        from . import sign_ins  # noqa: F401  what is written when somebody comes and goes, from the first sign-in on
