"""`manage.py bill YYYY-MM --estate CODE`: preview or run a month (IMPORT.md «Commands»)."""
import json

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from billing.export import bill_report, left_out_rows
from billing.preview import preview
from billing.run import bill_month
from servicecentre.estates.models import Estate
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.staff.models import User


class Command(BaseCommand):
    help = "Bill a month: every tenure's monthly fees, once; again fills gaps only."

    def add_arguments(self, parser):
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="count only, write nothing")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, month, estate, dry_run, as_json, **_):
        row = Estate.objects.filter(slug=estate).first()
        if row is None:
            raise CommandError(f"没有代码为 {estate} 的小区。")
        try:
            month = BillingMonth.parse(month)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        run, refusal, left, shown = None, None, left_out_rows(row, month), preview(row, month)
        if not dry_run:
            try:
                run = bill_month(row, month, by=User.system())
            except Refused as error:
                refusal = error
        self.tell(bill_report(shown, run, left), as_json)
        if refusal:
            raise CommandError(refusal.sentence)

    def tell(self, report, as_json):
        if as_json:
            return self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
        self.stdout.write(f"{report['period']} 共 {report['created']} 笔，{report['total']} 元；已有 {report['existing']} 笔；"
                          f"未出账 {len(report['left_out'])} 套；更正 {len(report['corrections'])} 笔。")
