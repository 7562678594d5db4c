"""Invariant 24: who is billed for a unit before it is handed over."""
from django.db.models import Exists, F, OuterRef

from billing.models import Charge
from households.models import Amendment, Household

from .proving import place, proof


@proof(24, "没有交付的房屋只出给建设单位")
def billed_before_handover():
    """No line of an owner for days before their handover, unless the first day was put right after it was billed: then it is a correction."""
    moved = Amendment.objects.filter(row_type=Household._meta.label_lower, row_id=OuterRef("household"), what="起", at__gte=OuterRef("made_at"))
    lines = Charge.objects.live().filter(household__developer=False, household__voided_at=None, starts_on__lt=F("household__starts_on"), opening=None,
                                         subject="", line=0).exclude(fee_kind__bills="").exclude(Exists(moved))
    for charge in lines.select_related("estate", "household"):
        yield place(charge, charge.household), f"应收 {charge.pk} 是 {charge.starts_on} 至 {charge.ends_on} 的，这一户 {charge.household.starts_on} 才交付"
