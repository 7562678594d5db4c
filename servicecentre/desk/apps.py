from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "servicecentre.desk"
    label = "desk"
    verbose_name = "前台"
