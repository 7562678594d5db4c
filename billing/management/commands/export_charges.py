"""`manage.py export_charges --estate CODE --period YYYY-MM`: live charges of a month as CSV (IMPORT.md «Commands»)."""
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from billing.export import CHARGE_COLUMNS, charge_rows
from servicecentre.estates.models import Estate
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.sheets import csv_bytes


class Command(BaseCommand):
    help = "Write a month's live charges to stdout as CSV (UTF-8 with BOM), one row per charge, by unit."

    def add_arguments(self, parser):
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--period", required=True, metavar="YYYY-MM")

    def handle(self, *, estate, period, **_):
        row = Estate.objects.filter(slug=estate).first()
        if row is None:
            raise CommandError(f"没有代码为 {estate} 的小区。")
        try:
            month = BillingMonth.parse(period)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        content = csv_bytes(CHARGE_COLUMNS, charge_rows(row, month))
        if (raw := getattr(self.stdout._out, "buffer", None)) is not None:      # bytes, whatever the terminal's encoding
            self.stdout.flush()
            raw.write(content)
            raw.flush()
        else:
            self.stdout.write(content.decode(), ending="")
