"""manage.py import_list KIND FILE --estate CODE [--dry-run] [--good-rows] [--json] (IMPORT.md «Commands»)"""
import json
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from households.importing.uploads import import_file


class Command(BaseCommand):
    help = ("导入一份名单（.xlsx）：KIND 是 arrears（历史欠费）或 parking（车位租用登记）。标准输出总是 JSON，说明写到标准错误；"
            "有错误行又没有给 --good-rows 时不写入，退出码 1。")

    def add_arguments(self, parser):
        parser.add_argument("kind", metavar="KIND")
        parser.add_argument("file")
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="只试导，不写入")
        parser.add_argument("--good-rows", action="store_true", help="只导正确的行")
        parser.add_argument("--json", action="store_true", help="标准输出本来就是 JSON")

    def handle(self, kind, file, estate, **options):
        run(self, file, estate, kind=kind, dry_run=options["dry_run"], good_rows=options["good_rows"])


def run(command, file, estate, *, dry_run, **options):
    """Import, print what came of it as JSON and in words; exit 1 when it was refused."""
    told = {"created": 0, "updated": 0, "unchanged": 0, "errors": [], "warnings": []}
    try:
        import_file(file, estate, told=told, dry_run=dry_run, **options)
    except ValidationError as error:
        told["refused"] = " ".join(error.messages)
    unit = told.pop("counted", "")
    command.stdout.write(json.dumps(told, ensure_ascii=False))
    for note in told.get("notes", ()):
        command.stderr.write(note)
    command.stderr.write(told.get("refused") or (
        f"{'试导' if dry_run else '已导入'}：新增 {told['created']} {unit}，更新 {told['updated']} {unit}，无变化 {told['unchanged']} {unit}；"
        f"{told['wrong_rows']} 行有错，{len(told['warnings'])} 条提醒。"))
    if "refused" in told:
        sys.exit(1)
