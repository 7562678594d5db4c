"""Every invariant that exists so far, in the order of DOMAIN §9: asked of the database as it stands, whatever wrote it.

Each proof is a constant number of set-based queries over all estates and yields (where, text) per violation; the log's and
the papers' digests are read in a stream, so that memory stays flat.
"""
from django.apps import apps
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import Allocation, BillRun, Charge, Credit, Payment, PaymentPart, ReceiptVoid
from households.models import AuthorisationLetter, Household, LetterUse
from servicecentre.files.models import File
from servicecentre.kit import guards
from servicecentre.kit.money import yuan
from servicecentre.papers import journal
from servicecentre.papers.kinds import LETTER, NOTICE, RECEIPT, VOID
from servicecentre.papers.models import Database, Paper, Print, Series
from servicecentre.worklog import seals
from servicecentre.worklog.models import Entry
from tickets.models import Notice, NoticePlace, NoticeTerm

from . import proofs_billing, proofs_deposits, proofs_refunds, proofs_spaces, proofs_vacancy, proofs_visits, sealing
from .models import RetentionRun
from .proving import CHUNK, Violation, checked, place, proof, prove
from .retention import WHY

__all__ = ["Violation", "against", "checked", "proofs_billing", "proofs_deposits", "proofs_refunds", "proofs_spaces", "proofs_vacancy",
           "proofs_visits", "prove"]

@proof(1, "一套房同时只有一户")
def tenures():
    later = Household.objects.live().filter(unit=OuterRef("unit"), pk__gt=OuterRef("pk")).filter(
        Q(ends_on=None) | Q(ends_on__gte=OuterRef("starts_on")))
    overlapping = later.filter(Q(starts_on__lte=Coalesce(OuterRef("ends_on"), Value("9999-12-31"))))
    for household in Household.objects.live().filter(Exists(overlapping)).select_related("unit", "estate"):
        yield place(household), "与另一户的起止日期重叠"


@proof(2, "每户每项每月每个对象只有一笔有效账单")
def one_live_charge():
    keys = ("estate__slug", "household__number", "fee_kind__name", "period", "subject", "line")
    for row in Charge.objects.live().values(*keys).annotate(n=Count("pk")).filter(n__gt=1):
        yield f"{row['estate__slug']} {row['household__number']}", f"{row['fee_kind__name']} {row['period']:%Y-%m} 有 {row['n']} 笔有效账单"


@proof(2, "账单上的房屋是这一户的")
def charged_unit():
    for charge in Charge.objects.exclude(unit=F("household__unit")).select_related("household", "estate", "unit"):
        yield place(charge, charge.household), f"应收 {charge.pk} 记在另一套房 {charge.unit.code} 上"


@proof(3, "金额等于冻结的数量 × 单价 × 比例 × 天数")
def amounts():
    raw = 2 * F("quantity") * F("unit_price") * F("percent") * F("share_num") + 1_000_000 * F("share_den")
    for charge in Charge.objects.exclude(amount=raw / (2_000_000 * F("share_den"))).select_related("household", "estate"):
        yield place(charge, charge.household), f"应收 {charge.pk} 金额 {yuan(charge.amount)} 与算式不符"
    runs = BillRun.objects.annotate(n=Count("charges"), fen=Coalesce(Sum("charges__amount"), 0)).filter(n=F("count"))        # fewer lines: 6
    for run in runs.exclude(fen=F("total")).select_related("estate"):
        yield f"{run.estate.slug} {run}", f"出账时合计 {yuan(run.total)}，现存账单合计 {yuan(int(run.fen))}"


@proof(4, "已收等于核销，收款等于核销加余额")
def sums():
    yield from _charges_paid()
    yield from _sources(Payment.objects.live(), "payment", "收款", "total")
    yield from _sources(Credit.objects.all(), "credit", "贷项", "amount")
    void = Allocation.objects.live().filter(payment__voided_at__isnull=False)
    for allocation in void.select_related("estate", "charge__household"):
        yield place(allocation, allocation.charge.household), f"收款 {allocation.payment_id} 已作废，却还核销着应收 {allocation.charge_id}"
    parts = PaymentPart.objects.filter(payment=OuterRef("pk")).values("payment").annotate(fen=Sum("amount")).values("fen")
    for payment in Payment.objects.annotate(fen=Coalesce(parts, 0)).exclude(fen=F("total")).select_related("estate", "household"):
        yield place(payment, payment.household), f"收款 {payment.pk} 各方式之和 {yuan(payment.fen)} 不等于 {yuan(payment.total)}"
    yield from _strange_money()


def _strange_money():
    """Money of one household on another's line, and credit that no void gave."""
    theirs = Q(payment__isnull=False) & ~Q(payment__household=F("charge__household")) | (
        Q(credit__isnull=False) & ~Q(credit__household=F("charge__household")))
    for allocation in Allocation.objects.live().filter(theirs).select_related("estate", "charge__household"):
        yield place(allocation, allocation.charge.household), f"应收 {allocation.charge_id} 用别的户的钱抵了 {yuan(allocation.amount)}"
    given = ReceiptVoid.objects.filter(credit=OuterRef("pk"), approved=True, payment__total=OuterRef("amount"), payment__household=OuterRef("household"))
    for credit in Credit.objects.filter(source=Credit.Source.VOID).exclude(Exists(given)).select_related("estate", "household"):
        yield place(credit, credit.household), f"贷项 {credit.pk} {yuan(credit.amount)} 没有相应的作废"
    corrections = Credit.objects.filter(source=Credit.Source.CORRECTION)
    for credit in corrections.exclude(charge__household=F("household")).select_related("estate", "household"):
        yield place(credit, credit.household), f"更正 {credit.pk} {yuan(credit.amount)} 不是这一户的应收"


def _charges_paid():
    live = Allocation.objects.live().filter(charge=OuterRef("pk")).values("charge").annotate(fen=Sum("amount")).values("fen")
    wrong = Charge.objects.annotate(fen=Coalesce(live, 0)).filter(
        ~Q(fen=F("paid")) | Q(paid__lt=0) | Q(paid__gt=F("amount")) | Q(amount__lt=0))
    for charge in wrong.select_related("household", "estate"):
        yield place(charge, charge.household), (f"应收 {charge.pk} 已收 {yuan(charge.paid)}，核销 {yuan(int(charge.fen))}，"
                                           f"金额 {yuan(charge.amount)}")


def _sources(rows, field, name, whole):
    live = Allocation.objects.live().filter(**{field: OuterRef("pk")}).values(field).annotate(fen=Sum("amount")).values("fen")
    wrong = rows.annotate(fen=Coalesce(live, 0)).filter(
        ~Q(**{whole: F("fen") + F("left") + F("refunded")}) | Q(left__lt=0) | Q(refunded__lt=0))
    for row in wrong.select_related("household", "estate"):
        yield place(row, row.household), (f"{name} {row.pk} 共 {yuan(getattr(row, whole))}，"
                                        f"核销 {yuan(int(row.fen))} 余 {yuan(row.left)} 退 {yuan(row.refunded)}")


@proof(5, "每个序列的号码从 1 起连续，各一次")
def numbers():
    counts = Paper.objects.values_list("estate", "kind", "year").annotate(
        n=Count("pk"), distinct=Count("serial", distinct=True), first=Min("serial"), last=Max("serial")).order_by()
    found = {(estate, kind, year): tuple(rest) for estate, kind, year, *rest in counts}
    for series in Series.objects.select_related("estate"):
        there = found.get((series.estate_id, series.kind, series.year), (0, 0, None, None))
        if there != ((series.last, series.last, 1, series.last) if series.last else (0, 0, None, None)):
            yield f"{series.estate.slug} {series}", f"应有 1 至 {series.last}，实有 {there[0]} 张，{there[2]} 至 {there[3]}"
    known = Series.objects.filter(estate=OuterRef("estate"), kind=OuterRef("kind"), year=OuterRef("year"))
    for paper in Paper.objects.exclude(Exists(known)).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "没有这个号码的序列"


@proof(6, "已编号、已收款、已签字的不会少")
def nothing_deleted():
    for trigger in guards.missing():
        yield trigger, "数据库里没有这个保护触发器，请重新 migrate"
    for run in BillRun.objects.annotate(n=Count("charges", filter=Q(charges__rebills=None))).exclude(n=F("count")).select_related("estate"):
        yield f"{run.estate.slug} {run}", f"出账 {run.count} 笔，现存 {run.n} 笔"
    for payment in Payment.objects.filter(paper=None).select_related("estate", "household"):
        yield place(payment, payment.household), f"收款 {payment.pk} 没有收据"
    for paper in Paper.objects.filter(kind=RECEIPT.letters).exclude(Exists(Payment.objects.filter(paper=OuterRef("pk")))).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "收据没有对应的收款"
    original = Print.objects.filter(paper=OuterRef("pk"), n=1)
    for paper in Paper.objects.exclude(Exists(original)).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "没有首次打印的记录"
    for paper in Paper.objects.filter(kind=VOID.letters).exclude(Exists(ReceiptVoid.objects.filter(paper=OuterRef("pk")))).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "作废单没有对应的作废"
    for paper in Paper.objects.filter(kind=LETTER.letters).exclude(Exists(AuthorisationLetter.objects.filter(paper=OuterRef("pk")))).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "单据没有对应的委托书"
    yield from _papers_rewritten()
    yield from _voids_in_part()
    yield from _numbers_lost()


def _papers_rewritten():
    """Papers that no longer say what they said, and receipts that say another sum or household than their payment."""
    paid = Payment.objects.filter(paper=OuterRef("pk"))
    papers = Paper.objects.select_related("estate").annotate(paid=Subquery(paid.values("total")), whose=Subquery(paid.values("household__number")))
    for paper in papers.order_by("pk").iterator(chunk_size=CHUNK):
        if not paper.intact:
            yield f"{paper.estate.slug} {paper.number}", "单据内容与开出时不同"
        elif paper.paid is not None and (paper.paid, paper.whose) != (paper.content.get("total"), paper.household_no):
            said = f"{paper.household_no} {yuan(paper.content.get('total') or 0)}"
            yield f"{paper.estate.slug} {paper.number}", f"收据上是 {said}，收款是 {paper.whose} {yuan(paper.paid)}"


def _voids_in_part():
    """A void is three things at once: decided, the payment void, its receipt void."""
    decided = Exists(ReceiptVoid.objects.filter(payment=OuterRef("pk"), approved=True))
    payments = Payment.objects.exclude(paper=None).annotate(decided=decided).exclude(
        Q(decided=True, voided_at__isnull=False, paper__voided_at__isnull=False) | Q(decided=False, voided_at=None, paper__voided_at=None))
    for payment in payments.select_related("estate", "household", "paper"):
        told = {"作废已批准": payment.decided, "收款已作废": payment.voided_at is not None, "收据已作废": payment.paper.is_void}
        yield place(payment, payment.household), f"收款 {payment.pk} 的作废不完整：{'，'.join(words for words, so in told.items() if so)}"


def _numbers_lost(head=None):
    """Numbers that the outer journal saw issued and the database no longer knows, or with other words; and lines taken out of it."""
    database = Database.objects.first()
    if database is None:
        return
    here = {(estate, number): (pk, digest) for estate, number, pk, digest in Paper.objects.values_list("estate", "number", "pk", "digest").iterator()}
    there, newest = set(), 0
    try:
        for said in journal.written(database.name, head):
            key = said["estate"], said["number"]
            pk, digest = here.get(key, (None, None))
            if key not in there and pk is None:
                yield f"小区 {key[0]} {key[1]}", "号码日志里已开出，数据库里没有"
            elif said["digest"] != digest and pk is not None:
                yield f"小区 {key[0]} {key[1]}", "单据与号码日志里的摘要不同，开出以后被重写过"
            there.add(key)
            newest = max(newest, pk or 0)
    except FileNotFoundError:
        return
    except OSError as error:
        yield "号码日志", f"读不了：{error.strerror}"
    for (estate, number), (pk, _) in here.items() if head is None else ():
        if (estate, number) not in there and pk <= newest - journal.SLACK:
            yield f"小区 {estate} {number}", "号码日志里没有这个号码，有人拿掉了"


def against(head):
    """Violations of 6 and 13 against a copy of the outer journal that was kept elsewhere; OSError if it can't be read."""
    open(head, "rb").close()
    yield from (Violation(6, *found) for found in _numbers_lost(head))
    yield from (Violation(13, f"{slug} {day}", sentence) for slug, day, sentence in sealing.outside(head=head))


@proof(6, "通知和贴出去的单据说的一样")
def notices():
    """A notice ends when its last paper says; that paper is live as long as it is up, the earlier ones are void; it holds somewhere."""
    last = NoticeTerm.objects.filter(notice=OuterRef("pk")).order_by("-n")
    rows = Notice.objects.select_related("estate").annotate(
        said=Subquery(last.values("ends_at")[:1]), void=Subquery(last.values("paper__voided_at")[:1]), number=Subquery(last.values("paper__number")[:1]),
        placed=Exists(NoticePlace.objects.filter(notice=OuterRef("pk"))))
    wrong = {"结束时间与单据不同": Q(said=None) | ~Q(said=F("ends_at")), "贴着，单据却作废": Q(down_at=None, void__isnull=False),
             "已撤下，单据却有效": Q(down_at__isnull=False, void=None),
             "没有范围，或者既是全小区又有楼栋": Q(whole=True, placed=True) | Q(whole=False, placed=False)}
    for text, broken in wrong.items():
        for notice in rows.filter(broken):
            yield place(notice), f"通知 {notice.pk} {text}"
    newer = NoticeTerm.objects.filter(notice=OuterRef("notice"), n__gt=OuterRef("n"))
    for term in NoticeTerm.objects.filter(Exists(newer), paper__voided_at=None).select_related("estate", "paper"):
        yield f"{term.estate.slug} {term.paper}", "已延时换过，旧的一张却有效"
    for paper in Paper.objects.filter(kind=NOTICE.letters).exclude(Exists(NoticeTerm.objects.filter(paper=OuterRef("pk")))).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "单据没有对应的通知"


@proof(13, "工作日志写下后没有改过")
def log():
    for entry in Entry.objects.select_related("estate").order_by("pk").iterator(chunk_size=CHUNK):
        if not entry.intact:
            yield f"{entry.estate.slug} {entry.day}", f"日志 {entry.pk} 与写下时不同"


@proof(13, "封存的日志没有改过，一环扣一环")
def sealed_days():
    for seal, sentence in seals.troubles():
        yield f"{seal.estate.slug} {seal.day}", sentence
    for slug, day, sentence in sealing.outside():
        yield f"{slug} {day}", sentence


@proof(13, "附件只由记了日志的事删去")
def files_removed():
    told = Entry.objects.filter(estate=OuterRef("estate"), act="worklog.remove_file", row_type=File._meta.label_lower, row_id=OuterRef("pk"),
                                by=OuterRef("removed_by"))
    retained = RetentionRun.objects.filter(estate=OuterRef("estate"), signed_by=OuterRef("removed_by"), proposed_at__lte=OuterRef("removed_at"),
                                           done_at__gte=OuterRef("removed_at"))
    silent = File.objects.exclude(removed_at=None).exclude(Exists(told)).exclude(Q(removed_why=WHY) & Exists(retained))
    for file in silent.select_related("estate"):
        yield f"{file.estate.slug} 附件 {file.pk}", "删去了，日志里没有这件事"


@proof(14, "每条记录与所指记录同属一个小区")
def same_estate():
    for model in apps.get_models():
        for guard in getattr(model, "guards", ()):
            for name in getattr(guard, "fields", ()) if isinstance(guard, guards.SameEstate) else ():
                strangers = model._default_manager.filter(**{f"{name}__isnull": False}).exclude(**{f"{name}__estate": F("estate")})
                for row in strangers.select_related("estate"):
                    yield (f"{row.estate.slug} {model._meta.verbose_name} {row.pk}",
                           f"所指的{model._meta.get_field(name).verbose_name}属于另一小区")


@proof(17, "申请人和收款人都不是批准人")
def two_people():
    wrong = Q(decided_by=F("asked_by")) | Q(approved=True, decided_by=F("cashier")) | Q(approved=True, decided_by=F("payment__cashier"))
    for void in ReceiptVoid.objects.filter(wrong).select_related("estate", "payment__paper", "decided_by"):
        yield f"{void.estate.slug} {void.payment}", f"作废由 {void.decided_by} 批准，此人是申请人或收款人"
    for void in ReceiptVoid.objects.filter(approved__isnull=False, decided_by=None).select_related("estate", "payment__paper"):
        yield f"{void.estate.slug} {void.payment}", "作废已决定，却没有批准人"
    for paper in Paper.objects.filter(voided_by=F("void_asked_by")).select_related("estate"):
        yield f"{paper.estate.slug} {paper.number}", "单据由申请作废的人自己批准"


@proof(22, "委托书的每次使用都在事项和期限之内")
def letter_uses():
    uses = LetterUse.objects.select_related("estate", "letter__household", "letter__paper").order_by("pk")
    seen = set()
    for use in uses.iterator(chunk_size=CHUNK):
        letter, wrong = use.letter, []
        if use.matter not in letter.matters:
            wrong.append("办的不是委托的事项")
        if use.day < letter.valid_from or letter.valid_to and use.day > letter.valid_to:
            wrong.append("不在有效期内")
        if letter.revoked_on and use.day > letter.revoked_on:
            wrong.append("撤销以后还用")
        if not letter.valid_to and letter.pk in seen:
            wrong.append("只用一次的用了第二次")
        seen.add(letter.pk)
        if wrong:
            yield place(use, letter.household), f"委托书 {letter.number or letter.pk} {use.day} 的使用{'，'.join(wrong)}"
