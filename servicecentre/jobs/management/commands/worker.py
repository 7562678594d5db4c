"""manage.py worker: run long work in a process of its own (any number, on PostgreSQL)."""
import signal
import threading

from django.core.management.base import BaseCommand

from servicecentre.jobs.worker import run_one, work_on


class Command(BaseCommand):
    help = "执行后台任务；--once 办完现有的就结束。"

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true")

    def handle(self, once, **options):
        if once:
            while job := run_one():
                self.stdout.write(f"{job.pk} {job.label}")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        work_on(stop)
