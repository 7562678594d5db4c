"""Whose money a refund gives back: what is left of it, how it came in, who took it, to whom it may go (DOMAIN §2 Refund)."""
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused

from .cashier import waiting_credit
from .models import Credit, Deposit, Payment, PaymentPart, Refund, RefundPart
from .origins import CHARGE, CREDIT, DEPOSIT, PAYMENT, Origins

CASH = PaymentPart.Method.CASH


def sources_of(household, receipt):
    """What is left of the household's payments and credits, or of this receipt's alone (a Payment); oldest first."""
    sources = waiting_credit(household)
    if receipt is None:
        return sources
    if receipt.household_id != household.pk:
        raise Refused({"receipt": "这张收据不是这一户的。"})
    void = receipt.voids.filter(approved=True).values_list("credit", flat=True)
    return [s for s in sources if (s.pk == receipt.pk if isinstance(s, Payment) else s.pk in void)]


def leftovers(household):
    """[(Payment, fen)] of receipts of which something is left, by themselves or as the credit that their void became."""
    rows = waiting_credit(household)
    left = {source.pk: source.left for source in rows if isinstance(source, Payment)}
    credits = {source.pk: source.left for source in rows if not isinstance(source, Payment)}
    voided = Payment.objects.filter(voids__credit__in=credits).values_list("pk", "voids__credit")
    left |= {pk: credits[credit] for pk, credit in voided}
    found = Payment.objects.filter(household=household).select_related("paper").in_bulk(left)
    return [(found[pk], left[pk]) for pk in sorted(left) if pk in found]


class Way:
    """How money came in: ``text`` says it, ``fen`` is how much of it can still go back that way: no cash, and nothing that has gone back so."""

    def __init__(self, fen, text):
        self.fen, self.text = fen, text


def original_way(taken):
    """The Way of what is taken, [(source, fen)] of one household: a payment's own, of a credit that of the payments and deposits behind it."""
    gone = RefundPart.objects.live().filter(refund__household__in={source.household_id for source, _ in taken}, refund__method=Refund.Method.ORIGINAL)
    before = [(_root(payment, credit), fen) for payment, credit, fen in gone.order_by("pk").values_list("payment", "credit", "amount")]
    wanted = [(_root(*((source.pk, None) if isinstance(source, Payment) else (None, source.pk))), fen) for source, fen in taken]
    origins = Origins(credits=[pk for (kind, pk), _ in before + wanted if kind == CREDIT])
    behind = {root: origins.of(*root, at=now()) if root[0] == CREDIT else {root: None} for root, _ in before + wanted}
    parts = _parts({root for found in behind.values() for root in found})
    can = {root: sum(fen for method, fen, _ in rows if method != CASH) for root, rows in parts.items()}

    def draw(source, fen):
        drawn = 0
        for root, most in behind[source].items():
            part = min(can[root], fen - drawn, fen if most is None else most)
            can[root] -= part
            drawn += part
        return drawn

    for source, fen in before:
        draw(source, fen)
    back = sum(draw(source, fen) for source, fen in wanted)
    roots = dict.fromkeys(root for source, _ in wanted for root in behind[source])
    return Way(back, "、".join(words for root in roots for *_, words in parts[root]))


def _root(payment, credit):
    return (PAYMENT, payment) if payment else (CREDIT, credit)


def _parts(roots):
    """{root: [(method, fen, words)]} of payments and deposits."""
    found = {root: [] for root in roots}
    for part in PaymentPart.objects.filter(payment__in=[pk for kind, pk in roots if kind == PAYMENT]).order_by("pk"):
        found[PAYMENT, part.payment_id].append((part.method, part.amount, _came(part)))
    for deposit in Deposit.objects.filter(pk__in=[pk for kind, pk in roots if kind == DEPOSIT]).select_related("paper"):
        found[DEPOSIT, deposit.pk].append((deposit.method, deposit.amount, f"押金 {deposit} {_came(deposit)}"))
    return found


def _came(row):
    return f"{row.get_method_display()} {yuan(row.amount)}{f'（{row.reference}）' if row.reference else ''}"


def open_to(household, sources, name, letter):
    """Those of these sources that may go to ``name``: who paid it, an owner, or the owners' agent by ``letter``; a deposit's to its payer alone.

    Refused where there is none.
    """
    credits = [source.pk for source in sources if isinstance(source, Credit)]
    deposits = dict(Deposit.objects.filter(moves__credit__in=credits).values_list("moves__credit", "payer_name"))
    if letter is not None and (letter.household_id != household.pk or letter.agent.name != name and name not in _owners(household)):
        raise Refused({"letter": f"这份委托书的受托人不是{name}。"})
    theirs = letter is not None or name in _owners(household)
    paid = {} if theirs else _payers(household, sources)
    found = []
    for source in sources:
        if isinstance(source, Credit) and source.pk in deposits:
            mine = deposits[source.pk] in (name, letter and letter.principal.name)
        else:
            mine = theirs or name in paid[type(source), source.pk]
        found += [source] if mine else []
    if found:
        return found
    if sources and all(isinstance(source, Credit) and source.pk in deposits for source in sources):
        raise Refused({"payee_name": f"这是{'、'.join(dict.fromkeys(deposits.values()))}交的押金，只退给交押金的人。"})
    raise Refused({"payee_name": f"{name}既不是交款人也不是业主，要有业主的委托书（事项写退款）。"})


def _owners(household):
    return {name for name in household.owner_names.split("、") if name} | {household.owner_names}


def _payers(household, sources):
    """{(model, pk): names} of who paid each source, that of a credit by the payments behind it."""
    origins = Origins(credits=[source.pk for source in sources if isinstance(source, Credit)])
    roots = {(type(s), s.pk): [(PAYMENT, s.pk)] if isinstance(s, Payment) else list(origins.of(CREDIT, s.pk, at=now())) for s in sources}
    pks = {pk for found in roots.values() for kind, pk in found if kind == PAYMENT}
    names = dict(Payment.objects.filter(pk__in=pks).values_list("pk", "payer_name"))
    return {key: {names[pk] for kind, pk in found if kind == PAYMENT} for key, found in roots.items()}


def cashiers_of_refunds(refunds, *, by=None):
    """{refund pk: pks of who took its money}, a few queries however many. ``by``: a moment's column; only what had happened by then."""
    rows = {refund.pk: refund for refund in refunds}
    parts = list(RefundPart.objects.filter(refund__in=rows).values_list("refund", "payment", "credit", "payment__cashier"))
    origins = Origins(credits={credit for _, _, credit, _ in parts if credit})
    takers, found = origins.takers(), {pk: set() for pk in rows}
    for pk, _, credit, cashier in parts:
        found[pk] |= {cashier} if cashier else {takers[root] for root in origins.of(CREDIT, credit, by=by and getattr(rows[pk], by))}
    return found


def cashiers_of_lines(waivers, *, by=None):
    """{waiver pk: pks of who took the money that its line was paid with at that moment, or now}."""
    origins = Origins(charges={waiver.charge_id for waiver in waivers})
    takers = origins.takers()
    return {w.pk: {takers[root] for root in origins.of(CHARGE, w.charge_id, at=getattr(w, by) if by else now())} for w in waivers}
