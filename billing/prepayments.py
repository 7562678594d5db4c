"""公摊水电费预存: each household's own account, demanded as a line, paid at the till, moved or given back when the tenure ends (DOMAIN §2)."""
from collections import Counter

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from households.models import Household, OwnerChange, TakenOver, Unit
from servicecentre.files import storing
from servicecentre.kit.money import MAX_FEN, line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .allocation import settle
from .charges import make_charge
from .explain import open_lines
from .models import BillingPolicy, Charge, Credit, FeeKind, PrepaymentMove
from .run import hold_tariff

FEE, SUBJECT, LABEL = "shared_utilities", "YC-", "公摊水电费预存"
ONE = 1_00                               # 1 户, in 0.01
KINDS = PrepaymentMove.Kind
PREPAID = Q(fee_kind__code=FEE, subject__startswith=SUBJECT)
SEE = "billing.view_prepayments"


def prepaid(household):
    """The household's live prepayment lines, oldest first."""
    return Charge.objects.filter(PREPAID, household=household).live().order_by("pk")


def balance_of(household):
    """What is in the account, fen: paid on its lines less what was used."""
    return int(prepaid(household).aggregate(fen=Sum(F("paid") - F("drawn"), default=0))["fen"])


def balance_of_each(household):
    """The same for each household of an outer query, whose path is given; an expression."""
    return _sum(Charge.objects.filter(PREPAID, household=OuterRef(household)).live().order_by().values("household"), F("paid") - F("drawn"))


def with_balances(estate, *, on):
    """Households of that day that are to have an account, each with ``paid_in``, ``left`` and ``asked`` (what is demanded and not paid)."""
    lines = Charge.objects.filter(PREPAID, household=OuterRef("pk")).live().order_by().values("household")
    rows = Household.objects.of(estate).current(on=on).filter(developer=False).select_related("unit__building")
    if not BillingPolicy.of(estate).shared_prepay_shops:
        rows = rows.exclude(unit__kind=Unit.Kind.SHOP)
    return rows.annotate(
        paid_in=_sum(lines, F("paid")), left=_sum(lines, F("paid") - F("drawn")), asked=_sum(lines, F("amount") - F("paid")),
        has=Exists(Charge.objects.filter(PREPAID, household=OuterRef("pk")).live()))


def _sum(lines, what):
    return Coalesce(Subquery(lines.annotate(fen=Sum(what)).values("fen")), 0)


@act
def demand_prepayment(household, *, amount=None, reason="", by):
    """Bill the prepayment of the setting, or of ``amount`` fen with a reason (a top-up); returns the Charge, due today.

    Refused for the developer, while an earlier one is not paid, and where the setting says that nothing is prepaid.
    """
    household = Household.objects.lock(household)
    if household.developer:
        raise Refused("还没有交付的房屋，公摊水电费由建设单位承担，不收预存。")
    there = list(prepaid(household))
    if unpaid := next((line for line in there if line.due), None):
        raise Refused(f"{unpaid.shown_name} {unpaid.subject} 还有 {yuan(unpaid.due)} 元没缴，先收这一笔。")
    policy = BillingPolicy.of(household.estate)
    if amount is None and household.unit.kind == Unit.Kind.SHOP and not policy.shared_prepay_shops:
        raise Refused("按「规矩」，商铺不预存公摊水电费。")
    fen = policy.shared_prepay if amount is None else amount
    if not 0 < fen <= MAX_FEN:
        raise Refused({"amount": "预存要大于 0，不超过 99,999,999.99 元。"} if amount is not None else "按「规矩」，公摊水电费不预存。")
    reason = clean_text(reason, 100) if reason else ("首次预存" if not there else "补足预存")
    number = Charge.objects.filter(PREPAID, household=household).count() + 1
    return make_charge(household, _fee(household.estate_id), quantity=ONE, unit_price=fen * 100, subject=f"{SUBJECT}{number}", label=LABEL,
                       reason=reason, by=by)


@act
def demand_all_prepayments(estate, *, expected, by):
    """Bill the prepayment of the setting to every household that has none yet; ``expected``: how many the page showed. Returns the estate.

    Four statements however many there are. Refused when the number has changed since.
    """
    hold_tariff(estate)
    day = today()
    fen = BillingPolicy.of(estate).shared_prepay
    if not 0 < fen <= MAX_FEN:
        raise Refused("按「规矩」，公摊水电费不预存。")
    without = list(with_balances(estate, on=day).filter(has=False).select_for_update(of=("self",)).order_by("pk"))
    if len(without) != expected:
        raise Refused(f"打开这页以后有变化，现在是 {len(without)} 户没有预存。请核对后再点一次。")
    if not without:
        raise Refused("每一户都有预存了。")
    month, fee, at = BillingMonth.of(day), _fee(estate.pk), now()
    void = Counter(Charge.objects.filter(PREPAID, household__in=without).values_list("household", flat=True))
    Charge.objects.bulk_create([Charge(
        estate=estate, household=home, unit_id=home.unit_id, fee_kind=fee, period=month.first, starts_on=max(month.first, home.starts_on),
        ends_on=min(month.last, home.ends_on) if home.ends_on else month.last, subject=f"{SUBJECT}{void[home.pk] + 1}", label=LABEL, reason="首次预存",
        quantity=ONE, unit_price=fen * 100, amount=line_amount(ONE, fen * 100), due_on=day, made_at=at, made_by=by) for home in without], batch_size=500)
    record(by, f"登记{LABEL} {len(without)} 户，每户 {yuan(fen)} 元", estate=estate)
    return estate


@act
def return_prepayment(household, *, by):
    """The rest of an ended tenure goes back: a credit that settles what the household still owes; what is left is refunded. Returns the Credit."""
    household = Household.objects.lock(household)
    _demand_ended(household)
    at = now()
    fen, lines = _emptied(household)
    credit = _credit(household, fen, "公摊水电费预存退回", lines, at, by)
    _moves(lines, KINDS.RETURNED, "产权结束，退回", credit, at, by)
    settle(household, open_lines(household).exclude(PREPAID), [credit], at=at, later=True)
    credit.refresh_from_db()
    record(by, f"退公摊水电费预存 {yuan(fen)} 元{f'，抵欠费 {yuan(fen - credit.left)} 元' if credit.left < fen else ''}"
               f"{f'，余 {yuan(credit.left)} 元待退' if credit.left else ''}", household, household=household)
    return credit


@act
def move_prepayment(household, *, buyer_signed=False, seller_signed=False, files=(), by):
    """The rest of an ended tenure goes on to the buyer, both having signed; returns the buyer's Charge, which it pays.

    Both signatures noted at the change of owner will do; else they are here, and on paper (``files``).
    """
    change = OwnerChange.objects.live().filter(seller=household).select_related("buyer").first()
    if change is None:
        raise Refused("这一户没有办过变更业主，转给谁不清楚。")
    for pk in sorted((household.pk, change.buyer_id)):
        Household.objects.lock(pk)
    household.refresh_from_db()
    _demand_ended(household)
    if not noted_at_sale(change):
        if not (seller_signed and buyer_signed):
            raise Refused({"seller_signed" if not seller_signed else "buyer_signed": "双方都签字才转"})
        if not files:
            raise Refused({"files": "双方签字的单子要拍照或扫描"})
    at = now()
    fen, lines = _emptied(household)
    given = _credit(change.buyer, fen, f"{household.number} 的公摊水电费预存转来", lines, at, by)
    _moves(lines, KINDS.MOVED_OUT, f"转给 {change.buyer.number}", given, at, by)
    number = Charge.objects.filter(PREPAID, household=change.buyer).count() + 1
    line = make_charge(change.buyer, _fee(household.estate_id), quantity=ONE, unit_price=fen * 100, subject=f"{SUBJECT}{number}", label=LABEL,
                       reason=f"{household.number} 转来", by=by)
    settle(change.buyer, [line], [given], at=at, later=True)
    PrepaymentMove.objects.create(estate_id=line.estate_id, charge=line, kind=KINDS.MOVED_IN, amount=fen, words=f"{household.number} 转来",
                                  credit=given, at=at, by=by)
    storing.add_files(files, line, right=SEE, by=by, household_no=change.buyer.number)
    record(by, f"公摊水电费预存 {yuan(fen)} 元转给 {change.buyer.number}，双方签字", household, household=household)
    return line


def noted_at_sale(change):
    """Was it noted at the change of owner, both having signed, that the prepayment goes along?"""
    return TakenOver.objects.filter(change=change, what__startswith=LABEL, seller_signed=True, buyer_signed=True).exists()


def _demand_ended(household):
    if household.ends_on is None or household.ends_on >= today():
        raise Refused("产权还没有结束，预存不退也不转。")


def _emptied(household):
    """(fen, {line: its part}) of everything in the account, which is drawn down to nothing."""
    lines = {line: line.paid - line.drawn for line in prepaid(household) if line.paid > line.drawn}
    if not lines:
        raise Refused("这一户没有公摊预存余额。")
    Charge.objects.filter(pk__in=[line.pk for line in lines]).update(drawn=F("paid"))
    return sum(lines.values()), lines


def _moves(lines, kind, words, credit, at, by):
    PrepaymentMove.objects.bulk_create([PrepaymentMove(estate_id=line.estate_id, charge=line, kind=kind, amount=fen, words=words, credit=credit, at=at,
                                                       by=by) for line, fen in lines.items()])


def _credit(household, fen, reason, lines, at, by):
    paid, used = sum(line.paid for line in lines), sum(line.drawn for line in lines)
    return Credit.objects.create(estate_id=household.estate_id, household=household, source=Credit.Source.PREPAID, amount=fen, left=fen, reason=reason,
                                 how=f"已缴 {yuan(paid)} − 已用 {yuan(used)}", made_at=at, made_by=by)


def _fee(estate_id):
    return FeeKind.objects.get(estate=estate_id, code=FEE)
