"""manage.py prove [--json] [--files] [--head FILE]: are the invariants of DOMAIN §9 true of this database?"""
import json
import sys

from django.core.management.base import BaseCommand, CommandError

from servicecentre.desk import proofs
from servicecentre.files.proving import wrong_files
from servicecentre.kit.snapshot import snapshot


class Command(BaseCommand):
    help = "逐条核对数据的不变式；有违反时每条一行，退出码 1。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--files", action="store_true", help="也逐个读附件，核对内容（要读完所有文件）")

        parser.add_argument("--head", metavar="文件", help="也与另存在别处的号码日志（或其中几行）核对")

    def handle(self, **options):
        try:
            with snapshot():
                violations = list(proofs.prove())
                violations += proofs.against(options["head"]) if options["head"] else []
        except OSError as error:
            raise CommandError(f"读不了：{error}") from error
        if options["files"]:
            violations += [proofs.Violation(0, *found) for found in wrong_files()]
        if options["json"]:
            found = {"checked": proofs.checked(), "violations": [v._asdict() for v in violations]}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for v in violations:
                self.stdout.write(f"{v.invariant} {v.where} {v.text}")
            self.stdout.write(f"核对了 {len(proofs.checked())} 条，违反 {len(violations)} 处。")
        if violations:
            sys.exit(1)
