from django.apps import AppConfig


class DraftsConfig(AppConfig):
    name = "servicecentre.drafts"
    label = "drafts"
    verbose_name = "没办完的页"
