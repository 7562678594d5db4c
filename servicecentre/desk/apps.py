from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "servicecentre.desk"
    label = "desk"
    verbose_name = "前台"

    def ready(self):
        from servicecentre import checks  # noqa: F401  (registers the start checks)
