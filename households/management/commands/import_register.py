"""manage.py import_register FILE --estate CODE [--dry-run] [--good-rows] [--handover-default DATE] [--json] (IMPORT.md)"""
from django.core.management.base import BaseCommand

from .import_list import run


class Command(BaseCommand):
    help = "导入业主登记表（.xlsx）。标准输出总是 JSON，说明写到标准错误；有错误行又没有给 --good-rows 时不写入，退出码 1。"

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="只试导，不写入")
        parser.add_argument("--good-rows", action="store_true", help="只导正确的行")
        parser.add_argument("--handover-default", metavar="DATE", help="没有交付日期一列的表用这一天")
        parser.add_argument("--json", action="store_true", help="标准输出本来就是 JSON")

    def handle(self, file, estate, dry_run, good_rows, handover_default, **options):
        run(self, file, estate, dry_run=dry_run, good_rows=good_rows, handover_default=handover_default)
