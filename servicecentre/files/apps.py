from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "servicecentre.files"
    label = "files"
    verbose_name = "附件"
