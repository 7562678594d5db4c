from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "servicecentre.papers"
    label = "papers"
    verbose_name = "单据"
