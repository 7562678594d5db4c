"""历史欠费: what households owed before the first bill, each row of the old list one charge, marked 期初 (IMPORT «Other lists»).

Quantity is 1 and the unit price the sum, so that the CHECK and the proofs judge it as they judge every line.
"""
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from households.importing.applying import MOVED, begin, close
from households.importing.kinds import ListKind
from households.importing.labels import Field, words_of
from households.importing.plans import ListPlan
from households.importing.rows import ERROR, WARNING, Finding
from households.importing.standing import chunks, key_of
from households.importing.tables import in_order, read_list
from households.importing.values import said, text_of
from households.models import Household, RegisterImport, Unit
from servicecentre.kit import statistics
from servicecentre.kit.money import parse_yuan, yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import seal
from servicecentre.kit.text import narrow
from servicecentre.worklog.acts import act, record

from .lines import due_on
from .models import BillingPolicy, Charge, FeeKind

QUANTITY = 100                                         # 1, in 0.01
MAX_OPENING = 10_000_000_00                            # fen: as a unit price it still fits the CHECK
PARKING = ("parking_opening", "车位费（期初）")          # a kind of its own: the old list does not say which kind of space
FEE_MAX = 40

_FEES = (("property", re.compile("物(?:业|管)(?:管理)?(?:服务)?费?|物业服务管理费|管理费")),
         ("shared_utilities", re.compile("公摊(?:水电|能耗|水|电)?费?|公共(?:水电|能耗)(?:公摊|分摊)?费?|(?:水电|能耗)(?:公|分)摊费?")),
         (PARKING[0], re.compile("(?:车位|停车|泊车)(?:位)?(?:管理)?(?:服务)?费?")))
_BETWEEN_NAMES = re.compile("[、，,；;/]")
_MONTH_OF_DAY = re.compile(r"[0-9]{4}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}\s*[日号]?")

FIELDS = {"serial": Field("序号（不导入）"), "building": Field("楼栋"), "entrance": Field("单元"), "room": Field("房号"), "fee": Field("项目"),
          "period": Field("所属月份"), "amount": Field("欠费金额"), "owner": Field("业主（用来认哪一任）")}
_RULES = (
    ("fee", 0, "(?:收费|费用|欠费|缴费|应收)?(?:项目|科目|类别|类型|种类|名称|项)(?:名称|名)?|费项|款项|费用"),
    ("period", 0, "(?:所属|欠费|费用|计费|收费|应收|账单|缴费)?(?:月份|账期|帐期|年月|期间|所属期|月度)|(?:费用|收费)?所属(?:月份|月|期|账期|年月)"
                  "|月|账期月份"),
    ("amount", 0, "(?:欠费|欠缴|欠款|未缴|未收|拖欠|期初|历史欠费|应收|应缴)(?:金额|款|费|数|额)?(?:合计)?|(?:本期)?金额|欠费额|欠额"),
    ("owner", 2, "业主(?:姓名|名称|名)?|姓名|户名|客户(?:姓名|名称)?|产权人(?:姓名)?"))
NEEDED = ("fee", "period", "amount")


def _is_arrears(named):
    return bool(named & {"room", "building", "entrance"} and "amount" in named and named & {"period", "fee"})


WORDS = words_of("历史欠费", FIELDS, _RULES, _is_arrears)


@dataclass
class Arrear:
    """One row of the old list; amount in fen, ``key`` the unit's code without idle zeros."""

    sheet: str
    row: int
    code: str
    key: str
    fee: str
    month: BillingMonth
    amount: int
    owner: str = ""
    unit: object = None                                # as planned:
    household: object = None
    fee_code: str = ""


# --- read ------------------------------------------------------------------------------------------------------------

def read_arrears(file, mapping=None, handover_default=None, progress=None, known=None):
    """Read the list from a path, bytes or binary file; a Reading whose rows are Arrears (as read_register does a register)."""
    return read_list(file, WORDS, mapping, known, progress, needed=NEEDED, figure="amount", read_row=_read_row,
                     missing="没有找到历史欠费表：表头里要有房号、项目、所属月份和欠费金额。请核对文件，或在「列的对应」里指出各列。")


def _read_row(row):
    fee = row.clean("fee", FEE_MAX)
    if not fee and not row.wrong:
        row.find("fee", "没有写项目", value="")
    month = row.attempt("period", _month, row.value("period"))
    amount = row.attempt("amount", _amount, row.value("amount"))
    if row.wrong or None in (row.place, month, amount):
        return None
    return Arrear(row.layout.sheet, row.number, row.place.code, row.place.key, fee, month, amount, row.text("owner"))


def _month(value):
    if isinstance(value, (datetime, date)):
        month = BillingMonth.of(value)
    else:
        text = narrow(said(value)).strip()
        if not text:
            raise ValidationError("没有写月份")
        if _MONTH_OF_DAY.fullmatch(text):
            raise ValidationError("这里要写月份，如 2026-03，不是某一天")
        try:
            month = BillingMonth.parse(text)
        except ValidationError as error:
            raise ValidationError("月份要写数字，如 2026-03" if re.search("[\u4e00-\u9fff]", re.sub("[年月份]", "", text))
                                  else error.messages[0]) from error
    if month > BillingMonth.of(today()):
        raise ValidationError(f"{month.label}还没有到，不是历史欠费")
    return month


def _amount(value):
    text = text_of(value)
    if isinstance(value, (date, bool)) or not re.search("[0-9０-９]", text):
        raise ValidationError("金额要写数字，如 170.16" if text else "没有写金额")
    if isinstance(value, Decimal):
        text = f"{value:f}"
    fen = parse_yuan(text.replace("，", ",").replace("。", "."))
    if fen > MAX_OPENING:
        raise ValidationError(f"一笔不超过 {yuan(MAX_OPENING)} 元")
    return fen


# --- plan ------------------------------------------------------------------------------------------------------------

@dataclass
class ArrearsPlan(ListPlan):
    """Charges to be made: each good row is one; what is there already is wrong, never changed."""

    rows: list = field(default_factory=list)
    total: int = 0                                     # fen

    @property
    def digest(self):
        rows = [(row.sheet, row.row, row.household.pk, row.fee_code, row.fee, str(row.month), row.amount) for row in self.rows]
        return seal(self.reading.digest, repr(self.reading.mapping["tables"]), repr(rows), repr([f.as_json() for f in self.findings]))

    def counts(self):
        return {"created": len(self.rows), "updated": 0, "unchanged": 0, "wrong": len(self.wrong_rows), "skipped": len(self.reading.skipped),
                "good": len(self.rows), "rows": len(self.rows) + len(self.wrong_rows), "total": self.total}


def plan(estate, reading, *, handover_default=None):
    """Compare the list with households and charges: a handful of queries, whatever the number of rows."""
    planned = ArrearsPlan(estate, reading, handover_default, list(reading.findings))
    labels = {(table["sheet"], column["field"]): column for table in reading.mapping["tables"] for column in table["columns"]}

    def find(row, name, reason, value="", level=ERROR):
        column = labels.get((row.sheet, name), {})
        planned.findings.append(Finding(row.sheet, row.row, column.get("label") or FIELDS[name].label, value, reason, level, column.get("letter", "")))
    kinds = {kind.name: kind.code for kind in FeeKind.objects.of(estate)}
    units = {key_of(code): pk for pk, code in Unit.objects.of(estate).values_list("pk", "code")}
    tenures = _tenures([units[row.key] for row in reading.rows if row.key in units])
    good = [row for row in reading.rows if _fits(row, kinds, units, tenures, find)]
    there = _billed(good)
    seen = {}
    for row in good:
        key = (row.household.pk, row.fee_code, row.month.first)
        if key in there:
            find(row, "fee", f"已有账单：{row.household.number} {there[key]} {row.month}", row.fee)
        elif key in seen:
            find(row, "fee", f"已有账单：第 {seen[key]} 行是同一户同一项同一个月", row.fee)
        else:
            seen[key] = row.row
            planned.rows.append(row)
    planned.total = sum(row.amount for row in planned.rows)
    planned.findings = in_order(planned.findings, reading.order)
    return planned


def _fits(row, kinds, units, tenures, find):
    """Whether unit, fee and household are there; sets them on the row."""
    row.unit = units.get(row.key)
    row.fee_code = kinds.get(row.fee) or next((code for code, words in _FEES if words.fullmatch(re.sub(r"\s", "", row.fee))), "")
    if row.unit is None:
        find(row, "room", "没有这套房，请核对房号，或先导入登记表", row.code)
        return False
    if not row.fee_code:
        find(row, "fee", f"不认识的项目，可以写物业费、公摊、车位费，或收费标准里的名称：{'、'.join(kinds)}", row.fee)
        return False
    held = [t for t in tenures[row.unit] if t.starts_on <= row.month.last and (t.ends_on is None or t.ends_on >= row.month.first)]
    if not held:
        find(row, "period", "该月无业主", str(row.month))
        return False
    names = {_bare(name) for name in _BETWEEN_NAMES.split(row.owner) if name.strip()}
    named = [t for t in held if names & {_bare(name) for name in t.owner_names.split("、")}]
    row.household = (named or held)[-1]                # of a month with two, the buyer, unless the list says whose it is
    if names and not named:
        find(row, "owner", f"该月登记的业主是{'、'.join(t.owner_names for t in held)}，没有这个人；记在{row.household.owner_names}名下，请核对是谁欠的",
             row.owner, WARNING)
    elif len(held) > 1 and not named:
        find(row, "period", f"该月有两任业主，记在{row.household.owner_names}名下", str(row.month), WARNING)
    return True


def _bare(name):
    return re.sub(r"\s", "", name)


def _tenures(units):
    found = defaultdict(list)
    for chunk in chunks(set(units)):
        for household in Household.objects.live().filter(unit__in=chunk).order_by("starts_on"):
            found[household.unit_id].append(household)
    return found


def _billed(rows):
    """{(household, fee code, first of the month): name} of live charges."""
    found = {}
    for chunk in chunks({row.household.pk for row in rows}):
        live = Charge.objects.live().filter(household__in=chunk).select_related("fee_kind")
        found |= {(c.household_id, c.fee_kind.code, c.period): c.shown_name for c in live}
    return found


# --- apply and take back ---------------------------------------------------------------------------------------------

@act
def import_arrears(estate, planned, *, by, good_rows=False, importing=None, stored=None):
    """Make the charges of the plan, all rows or the good ones; returns the import, None when there is nothing to write and none was uploaded.

    Refused when anything that the plan read has moved since: it is made again, behind the estate's lock, and compared.
    """
    importing = begin(estate, planned, importing, good_rows)
    _hold(planned.rows)
    if plan(estate, planned.reading, handover_default=planned.handover_default).digest != planned.digest:
        raise Refused(MOVED)
    if not planned.rows and importing is None:
        return None
    if importing is None:
        importing = RegisterImport.objects.create(estate=estate, kind="arrears", made_by=by, **stored.columns())
    made = Charge.objects.bulk_create(_charges(estate, planned.rows, importing, by), batch_size=500)
    if len(made) > statistics.MANY:
        statistics.recount(Charge)
    importing = close(importing, planned, good_rows=good_rows, by=by, written={"charges": [charge.pk for charge in made]})
    if made:
        left = f"，{len(planned.wrong_rows)} 行有错没有导入" if planned.wrong_rows else ""
        record(by, f"导入历史欠费「{importing.label}」：期初应收 {len(made)} 笔，{yuan(planned.total)} 元{left}", importing)
    return importing


def _charges(estate, rows, importing, by):
    kinds = {kind.code: kind for kind in FeeKind.objects.of(estate)}
    if PARKING[0] not in kinds and any(row.fee_code == PARKING[0] for row in rows):
        kinds[PARKING[0]] = FeeKind.objects.create(estate=estate, code=PARKING[0], name=PARKING[1], unit_name="笔", per="月", position=900)
    policy, at = BillingPolicy.of(estate), now()
    dues = {month: due_on(month, policy) for month in {row.month for row in rows}}
    for row in rows:
        tenure = row.household
        yield Charge(estate=estate, household=tenure, unit_id=row.unit, fee_kind=kinds[row.fee_code], period=row.month.first,
                     starts_on=max(row.month.first, tenure.starts_on), ends_on=min(row.month.last, tenure.ends_on or row.month.last),
                     label=row.fee, quantity=QUANTITY, unit_price=row.amount * 100, amount=row.amount, due_on=dues[row.month],
                     opening=importing, made_at=at, made_by=by)


def _hold(rows):
    for chunk in chunks({row.household.pk for row in rows}):
        list(Household.objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def undo_arrears(importing, *, by):
    """Void the charges of this list; refused while something of them is paid, corrected or void by itself."""
    charges = Charge.objects.filter(opening=importing)
    holders = charges.values_list("household", flat=True)
    list(Household.objects.filter(pk__in=holders).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    for rows, what in ((charges.filter(paid__gt=0), "已经收了款"), (charges.filter(credits__isnull=False), "已经更正或减免"),
                       (charges.exclude(voided_at=None), "已经作废")):
        if there := rows.distinct().count():
            codes = list(rows.order_by("unit__sort").values_list("unit__code", flat=True).distinct()[:3])
            raise Refused(f"这份名单有 {there} 笔{what}（{'、'.join(codes)}{' 等' if there > 3 else ''}），不能整批撤销。")
    at = now()
    number = charges.update(voided_at=at, voided_by=by, void_reason="撤销期初名单的导入")
    return f"作废期初应收 {number} 笔"


LIST = ListKind(code="arrears", label="历史欠费", counted="笔", right="billing.import_arrears", words=WORDS, read=read_arrears, plan=plan,
                apply=import_arrears, undo=undo_arrears, upload_page="billing:import_arrears", leads_to="billing:payments", leads_words="看收款流水",
                asks="一行一笔：房号、项目、所属月份、欠费金额。每笔成为该户该月的期初应收，按那个月的应缴日到期。")
