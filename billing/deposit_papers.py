"""What a deposit receipt and a deposit return say, frozen at issue: plain JSON (FORMS 3.2, 3.3)."""
from servicecentre.files.models import File
from servicecentre.kit.identity import mask_account, mask_phone
from servicecentre.kit.money import in_words, yuan
from servicecentre.kit.periods import exact_moment
from servicecentre.papers.wordings import worded

from .models import DepositReturn


def receipt_content(deposit):
    """Content of billing/deposit-receipt-1 for a deposit just taken."""
    return {
        **_heads(deposit.household), "payer": deposit.payer_name, "id_masked": deposit.payer_id_masked, "phone": mask_phone(deposit.payer_phone),
        "basis": deposit.basis, "kind": f"{deposit.get_kind_display()}押金", "remarks": deposit.remarks, "total": deposit.amount,
        "words": in_words(deposit.amount), "way": _way(deposit), "due_back_on": deposit.due_back_on.isoformat() if deposit.due_back_on else "",
        "account": "　".join(filter(None, (deposit.payer_name, deposit.bank, mask_account(deposit.account_no)))) if deposit.account_no else "",
        "cashier": deposit.cashier.name,
        "terms": worded(deposit.estate, "deposit_terms"), "note": worded(deposit.estate, "deposit_remarks")}


def return_content(back, deposit):
    """Content of billing/deposit-refund-2 for a return as it is paid; who came for the payer is named, and what an earlier one settled already."""
    letter = back.letter
    return {
        **_heads(deposit.household), "payer": deposit.payer_name, "phone": mask_phone(deposit.payer_phone), "receipt": deposit.paper.number,
        "kind": f"{deposit.get_kind_display()}押金", "original_returned": back.original_returned, "held": back.amount,
        "agent": f"{letter.agent.name}，{letter.number}" if letter else f"{back.delegate}，附委托书、证件" if back.delegate else "",
        "inspected_by": back.inspected_by, "inspected_on": back.inspected_on.isoformat() if back.inspected_on else "", "before": _before(back, deposit),
        "lines": [{"kind": row.get_kind_display(), "words": row.words, "proof": _proof(row), "amount": row.amount} for row in back.deductions.all()]
        + ([{"kind": "欠费抵扣", "words": "、".join(str(row.charge) for row in back.set_offs.select_related("charge__fee_kind")),
             "proof": "书面同意", "amount": back.set_off}] if back.set_off else []),
        "deducted": back.deducted + back.set_off, "refund": back.refund, "words": in_words(back.refund),
        "ways": [[label, code == back.method and back.refund > 0] for code, label in DepositReturn.Method.choices],
        "account": "　".join(filter(None, (back.account_name, back.bank, mask_account(back.account_no), back.reference and f"流水 {back.reference}"))),
        "set_off": back.set_off > 0, "said": back.words,
        "asked_by": back.asked_by.name, "asked_at": exact_moment(back.asked_at), "approved_by": back.decided_by.name,
        "approved_at": exact_moment(back.decided_at), "paid_by": back.paid_by.name, "paid_at": exact_moment(back.paid_at)}


def _before(back, deposit):
    """What a return that came back to us settled for good, in words; "" where there was none."""
    earlier = deposit.returns.exclude(bounced_at=None).exclude(pk=back.pk).select_related("paper").order_by("pk")
    return "；".join(f"前次 {row.paper.number} 被退回，扣款、抵欠费 {yuan(row.deducted + row.set_off)} 元仍算数" if row.deducted + row.set_off
                     else f"前次 {row.paper.number} 被退回" for row in earlier)


def _proof(row):
    files = list(File.objects.attached_to(row).values_list("kind", flat=True))
    photos = sum(kind == File.Kind.PHOTO for kind in files)
    return "、".join(filter(None, (photos and f"照片 {photos} 张", len(files) - photos and f"附件 {len(files) - photos} 件")))


def _way(deposit):
    return f"{deposit.get_method_display()} {yuan(deposit.amount)}{f'　流水号 {deposit.reference}' if deposit.reference else ''}"


def _heads(household):
    estate = household.estate
    return {"estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
            "household": household.number, "unit": household.unit.label, "owners": household.owner_names}
