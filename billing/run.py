"""The bill run: a month billed by one INSERT … SELECT, again without doubling, undone while nothing of it is paid."""
from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, DateTimeField, Exists, OuterRef, Sum, Value
from django.db.models.functions import Cast

from households.models import Household
from servicecentre.estates.models import Estate
from servicecentre.kit import statistics
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .allocation import settle_run, take_back_run
from .lines import prices_on
from .models import Allocation, BillRun, Charge, Credit
from .shares import rules
from .sources import sources

# The target is exact, so that whatever else is violated still raises.
ON_CONFLICT = "ON CONFLICT (estate_id, household_id, fee_kind_id, period, subject, line) WHERE voided_at IS NULL DO NOTHING"


class _NothingToAdd(Exception):
    """Takes the savepoint back, so that a run that adds nothing leaves no row."""


def hold_tariff(estate):
    """Wait for a run or a price change of this estate that is under way, then hold both off until the act ends."""
    Estate.objects.select_for_update(no_key=True).get(pk=estate.pk)


@act
def bill_month(estate, month, *, by):
    """Bill every tenure's monthly fees for this month where no live line is there yet; returns the BillRun.

    ``run.added`` is the number of lines this call made. Again fills gaps only; when there are none, the last run comes
    back with ``added`` 0 and nothing is written. Waiting credit then settles the new lines (DOMAIN §2). Refused when
    no price is in force on the 1st, or nobody is to be billed.
    """
    hold_tariff(estate)
    policy, prices = rules(estate, month), prices_on(estate, month)
    owing = sources(estate, month, prices, policy)
    if not owing:
        raise Refused(f"{month.label} 1 日没有执行中的按月收费标准，请先登记单价。")
    at = now()
    try:
        with transaction.atomic():
            run = BillRun.objects.create(estate=estate, period=month.first, at=at, by=by, first_month=policy.first_month, last_month=policy.last_month)
            run.added = insert_lines(run, owing)
            if not run.added:
                raise _NothingToAdd
    except _NothingToAdd:
        return _last_run(estate, month)
    run.settled = settle_run(run, at=at)
    run.count, run.total = run.added, int(run.charges.aggregate(fen=Sum("amount"))["fen"])
    run.save(update_fields=["count", "total"])
    used = f"，用预存 {yuan(run.settled)} 元" if run.settled else ""
    record(by, f"出账 {month.label} {run.count} 笔，{yuan(run.total)} 元{used}", run)
    return run


def _last_run(estate, month):
    run = BillRun.objects.of(estate).filter(period=month.first, undone_at=None).order_by("-pk").first()
    if run is None:
        raise Refused(f"{month.label}没有可以出账的户，原因见出账预览的名单。")
    run.added = run.settled = 0
    return run


def insert_lines(run, owing):
    """The one statement: every line of these Sources that is not there yet. Returns how many it wrote."""
    number = BigIntegerField()
    made = {"estate_id": Value(run.estate_id, number), "run_id": Value(run.pk, number), "made_by_id": Value(run.by_id, number),
            "made_at": Cast(Value(run.at, DateTimeField()), DateTimeField())}
    selects = []
    for source in owing:
        values = {f"c_{name}": value for name, value in {**made, **source.columns}.items()}
        selects.append(source.rows.order_by().annotate(**values).values_list(*values))
    query = selects[0].union(*selects[1:], all=True) if len(selects) > 1 else selects[0]
    sql, params = query.query.get_compiler(using=connection.alias).as_sql()
    names = ", ".join(connection.ops.quote_name(name) for name in {**made, **owing[0].columns})
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Charge._meta.db_table} ({names}) {sql} {ON_CONFLICT}", params)
        count = cursor.rowcount
    if count > statistics.MANY:
        statistics.recount(Charge)
    return count


@act
def undo_run(run, *, reason, building=None, by):
    """Take a run back, whole or of one building, while nothing of that is paid by money; returns it. Its lines stay, void.

    A line settled by credit alone counts as unpaid: the credit comes back (DOMAIN §2). Refused for a run undone
    already, once a line was paid, or once one was corrected. When its last building goes, the run is undone.
    """
    hold_tariff(run.estate)
    run = BillRun.objects.lock(run)
    if run.undone_at:
        raise Refused("这次出账已经撤销过了。")
    ours = run.charges.filter(unit__building=building) if building else run.charges.all()
    if not ours.live().exists():
        raise Refused({"building": f"这次出账在 {building} 没有有效的账单。"} if building else "这次出账已经没有有效的账单。")
    _refuse_paid_or_mended(ours.live())
    at = now()
    back = take_back_run(ours.live(), at=at)
    expected = ours.live().count()
    if ours.live().filter(paid=0).update(voided_at=at, voided_by=by, void_reason=reason) != expected:
        raise Refused("刚有人收了这次出账里的款，不能整批撤销。")
    run.undone = expected
    returned = f"，退回预存 {yuan(back)} 元" if back else ""
    if run.charges.live().exists():
        record(by, f"撤销出账 {run.period:%Y-%m} {building} {expected} 笔{returned}，原因：{reason}", run)
        return run
    run.undone_at, run.undone_by, run.undo_reason = at, by, reason
    run.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    record(by, f"撤销出账 {run.period:%Y-%m} {f'{building} ' if building else ''}{expected} 笔{returned}，原因：{reason}", run)
    return run


def _refuse_paid_or_mended(open_lines):
    """Hold whose lines credit has settled, so that no cashier moves this money meanwhile; then refuse what can't be taken back."""
    holders = Household.objects.filter(pk__in=open_lines.filter(paid__gt=0).values("household"))
    list(holders.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    by_money = Allocation.objects.live().filter(charge=OuterRef("pk"), later=False)                  # on a receipt
    _refuse_if(open_lines.filter(Exists(by_money)), "已经收了款")
    further = Charge.objects.live().filter(household=OuterRef("household"), fee_kind=OuterRef("fee_kind"), period=OuterRef("period"), line__gt=0)
    empty = Exists(Credit.objects.filter(charge=OuterRef("pk"), source=Credit.Source.VACANCY))
    _refuse_if(open_lines.filter(empty), "有空置减免", "作废收据没有用：只撤销没有空置减免的楼栋，这几户出错的逐户更正。")
    mended = Exists(Credit.objects.filter(charge=OuterRef("pk"))) | Exists(further.filter(subject=""))
    _refuse_if(open_lines.filter(mended), "已经更正或减免")


def _refuse_if(charges, what, instead="请先作废收据，只撤销别的楼栋，或只更正有误的那一户。"):
    there = charges.aggregate(n=Count("pk"))["n"]
    if there:
        codes = charges.order_by("unit__sort").values_list("unit__code", flat=True)[:3]
        raise Refused(f"这次出账有 {there} 笔{what}（{'、'.join(codes)}{' 等' if there > 3 else ''}），不能撤销。{instead}")
