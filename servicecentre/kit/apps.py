from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "servicecentre.kit"
    label = "kit"
    verbose_name = "工具"
