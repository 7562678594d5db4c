"""What a receipt and a void slip say, frozen at issue: plain JSON, every label as it shall be read (papers/printing.py, FORMS 3.1, 3.4)."""
from servicecentre.kit.money import in_words, price_text, yuan
from servicecentre.kit.periods import BillingMonth, business_day, exact_moment
from servicecentre.papers.wordings import worded

from .explain import formula, open_lines, period_text, quantity_label, share_text
from .models import Payment, ReceiptVoid


def receipt_content(payment, allocations, *, credit_left, replaces=None, note=""):
    """Content of billing/receipt-1 for these allocations of a payment just made.

    ``credit_left``: the household's credit afterwards, fen; ``replaces``: the void receipt's paper that this one stands for;
    ``note``: what else the payer is told.
    """
    household = payment.household
    remarks = [payment.remarks, note, f"原收据 {replaces.number} 作废重开" if replaces else "",
               worded(payment.estate, "receipt_remarks", **_names(payment))]
    return {
        **heads(household), "payer": payment.payer_name, "relation": relation_label(payment), "cashier": payment.cashier.name,
        "lines": [_receipt_line(charge, fen) for charge, fen in by_charge(allocations)],
        "total": payment.total, "words": in_words(payment.total),
        "parts": [{"method": part.get_method_display(), "amount": part.amount, "reference": part.reference}
                  for part in payment.parts.order_by("pk")],
        "tendered": payment.tendered, "change": payment.change,
        "credit_used": sum(a.amount for a in allocations if a.payment_id != payment.pk), "credit_added": payment.left,
        "credit_left": credit_left, "still_due": sum(line.due for line in open_lines(household)),
        "remarks": " ".join(filter(None, remarks))}


def void_content(void, payment, freed, left):
    """Content of billing/void-1: what the receipt said, what becomes unpaid again, where the money goes.

    ``freed``: the allocations taken back, ``left``: what was left of the receipt's money (fen); the lines sum to its total.
    """
    mine = [a for a in freed if a.receipt_id == payment.pk]
    later = [a for a in freed if a.receipt_id != payment.pk]
    used = sum(a.amount for a in mine if a.payment_id != payment.pk)
    lines = [_void_line(charge, fen, "恢复为未缴") for charge, fen in by_charge(mine)]
    lines += [_void_line(charge, fen, "预存抵的，恢复为未缴") for charge, fen in by_charge(later)]
    if left:
        lines.append({"fee": "转预存的余额", "formula": "", "period": "", "after": "冲回", "amount": -left})
    if payment.refunded:
        lines.append({"fee": "已退的余款", "formula": "", "period": "", "after": "另立应收追回", "amount": -payment.refunded})
    if used:
        lines.append({"fee": "用预存", "formula": "", "period": "", "after": "退回预存", "amount": used})
    return {
        **heads(payment.household), "payer": payment.payer_name, "relation": relation_label(payment), "cashier": payment.cashier.name,
        "receipt": payment.paper.number, "received_at": exact_moment(payment.at), "ways": ways_text(payment),
        "copies_back": void.copies_back,
        "lines": lines, "total": -payment.total, "words": in_words(-payment.total),
        "reasons": [[label, code == void.reason] for code, label in ReceiptVoid.Reason.choices],
        "said": f"{void.words}　{worded(payment.estate, 'void_remarks', 收据号码=payment.paper.number, **_names(payment))}".strip(),
        "goes": [[label, code == void.goes] for code, label in ReceiptVoid.Goes.choices],
        "reissued": void.reissued.paper.number if void.reissued else "",
        "asked_by": void.asked_by.name, "asked_at": exact_moment(void.asked_at), "approved_by": void.decided_by.name,
        "approved_at": exact_moment(void.decided_at)}


def _names(payment):
    """What an editable text may say of a payment (papers/kinds.NAMES)."""
    said = heads(payment.household)
    return {"房号": said["unit"], "户号": said["household"], "业主": said["owners"], "交款人": payment.payer_name,
            "收款人": payment.cashier.name, "日期": f"{payment.day.year}年{payment.day.month}月{payment.day.day}日",
            "合计": yuan(payment.total), "大写": in_words(payment.total)}


def by_charge(allocations):
    """[(charge, fen)] of allocations, oldest due first: one line may be settled from several sources."""
    sums = {}
    for a in allocations:
        sums[a.charge] = sums.get(a.charge, 0) + a.amount
    return sorted(sums.items(), key=lambda row: (row[0].due_on, row[0].period, row[0].pk))


def relation_label(payment):
    """与业主关系 as papers write it, nothing for the owner."""
    return "" if payment.payer_relation == Payment.Relation.OWNER else payment.get_payer_relation_display()


def ways_text(payment):
    """`微信 1,000.00（8841）、现金 270.48` for lists and slips."""
    return "、".join(f"{part.get_method_display()} {yuan(part.amount)}{f'（{part.reference}）' if part.reference else ''}"
                    for part in sorted(payment.parts.all(), key=lambda part: part.pk))


def heads(household):
    """What stands in the head of every paper of a household."""
    estate = household.estate
    owners = household.owner_names
    return {"estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
            "household": household.number, "unit": household.unit.label, "owners": f"{owners}（共有）" if "、" in owners else owners}


def _receipt_line(charge, fen):
    line = {"fee": f"{charge.shown_name}{f'（{charge.subject}）' if charge.subject else ''}{'' if fen == charge.amount else '（部分）'}",
            "period_label": _period(charge), "quantity_label": quantity_label(charge), "price_label": _price(charge.unit_price),
            "percent_label": f"{charge.percent}%", "amount": fen}
    if charge.share_num != charge.share_den:
        line["share_label"] = f"{share_text(charge)} {charge.fee_kind.per}".strip()
    return line


def _void_line(charge, fen, after):
    return {"fee": charge.shown_name, "formula": formula(charge), "period": _period(charge), "after": after, "amount": -fen}


def _period(charge):
    return BillingMonth.of(charge.period).label if charge.fee_kind.per else period_text(charge)


def _price(price):
    """1.90 and 260.00 as papers write prices, more decimals where there are any."""
    whole, _, part = price_text(price).partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def refund_content(refund):
    """Content of billing/refund-1: whose money goes back, why, how and to whom; account numbers to their last four."""
    lines = [_refund_line(part) for part in refund.parts.live().select_related("payment__paper", "credit__charge__fee_kind").order_by("pk")]
    receipt = refund.receipt
    return {
        **heads(refund.household), "receipt": receipt.paper.number if receipt else "",
        "received": f"{receipt.day.isoformat()} {receipt.cashier.name}" if receipt else "", "way": refund.way,
        "payer": receipt.payer_name if receipt else "", "lines": lines, "total": refund.amount, "words": in_words(refund.amount),
        "reasons": [[label, code == refund.reason] for code, label in refund.Reason.choices], "said": refund.words,
        "methods": [[label, code == refund.method] for code, label in refund.Method.choices], "payee": refund.payee_name,
        "bank": refund.bank, "account": refund.account_masked, "reference": refund.reference or "",
        "letter": refund.letter.number if refund.letter else "",
        "invoices": [[label, code == (refund.Invoice.DONE if refund.red_no else refund.invoice)] for code, label in refund.Invoice.choices],
        "red_no": refund.red_no or "", "asked_by": refund.asked_by.name, "asked_at": exact_moment(refund.asked_at),
        "approved_by": refund.decided_by.name, "approved_at": exact_moment(refund.decided_at), "paid_by": refund.paid_by.name,
        "paid_at": exact_moment(refund.paid_at)}


def _refund_line(part):
    if part.payment:
        return {"fee": "转预存的余款", "of": part.payment.paper.number, "made_on": part.payment.day.isoformat(), "amount": part.amount}
    credit = part.credit
    return {"fee": f"{credit.get_source_display()}，{credit.reason}", "of": str(credit.charge) if credit.charge else "",
            "made_on": business_day(credit.made_at).isoformat(), "amount": part.amount}


def waiver_content(waiver, charge):
    """Content of billing/waiver-1: the line, what it came to, what is forgiven, what is still due."""
    return {
        **heads(waiver.household), "fee": charge.shown_name, "subject": charge.subject, "period": _period(charge), "formula": formula(charge),
        "due_on": charge.due_on.isoformat(), "charged": charge.amount, "paid": charge.paid - waiver.amount, "amount": waiver.amount,
        "words": in_words(waiver.amount), "still_due": charge.due, "reason": waiver.reason, "basis": waiver.basis,
        "asked_by": waiver.asked_by.name, "asked_at": exact_moment(waiver.asked_at), "approved_by": waiver.decided_by.name,
        "approved_at": exact_moment(waiver.decided_at)}
