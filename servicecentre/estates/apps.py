from django.apps import AppConfig


class EstatesConfig(AppConfig):
    name = "servicecentre.estates"
    label = "estates"
    verbose_name = "小区"
