from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class WorklogConfig(AppConfig):
    name = "servicecentre.worklog"
    label = "worklog"
    verbose_name = "工作日志"

    def ready(self):
        """The one pair of signals in the house: a migrate lifts the triggers and puts them back (GROUND 1)."""
        from servicecentre.kit import guards

        pre_migrate.connect(guards.lift, sender=self, dispatch_uid="lift")
        post_migrate.connect(guards.put_back, sender=self, dispatch_uid="put_back")
