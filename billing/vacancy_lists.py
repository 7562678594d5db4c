"""What the pages and the Excel list of vacancies show: months of a spell as they stand, each check with its money, what an application would bring."""
from dataclasses import dataclass

from servicecentre.kit.money import area_text, line_amount, price_text, yuan
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.sheets import Table

from .models import BillingPolicy, Charge, Price, VacancyApplication
from .models.vacancy import REDUCED
from .vacancy_months import counts_from, first_reduced, full_months
from .vacancy_spells import months_to_check, verified_months

AHEAD = 2                         # months shown behind this one
TABS = {"running": ("空置中", "还没有空置的房屋"), "asked": ("等批准", "没有等批准的申请"), "check": ("要核", "本月的都核过了"),
        "ending": ("快到期", "三十天内没有到期的"), "over": ("已结束", "还没有结束的")}


def of_tab(estate, tab, on):
    """Applications of one tab, by unit; those over newest first."""
    rows = VacancyApplication.objects.of(estate).select_related("household", "unit", "paper", "asked_by")
    if tab == "over":
        return rows.over().order_by("-asked_at", "-pk")
    return {"asked": rows.asked(), "ending": rows.ending(on=on)}.get(tab, rows.running()).in_order()


def month_cells(spell, on, checks, reduced):
    """[{month, kind, mark, word}] from the spell's first month to two behind this one; the last twelve of them."""
    verified = verified_months(spell, checks)
    to_do = set(months_to_check(spell, on=on, checks=checks))
    counted = sorted(verified)
    end = spell.spell_to or (BillingMonth.of(on) + AHEAD).last
    first = BillingMonth.of(spell.spell_from)
    cells = [] if first.first == spell.spell_from else [{"month": first, "css": "m-no", "word": f"{spell.spell_from.day} 日起"}]
    for month in full_months(spell.spell_from, end):
        if month in reduced:
            cell = {"css": "m-70", "kind": "ok", "word": f"{reduced[month]}%"}
        elif month in verified:
            cell = {"css": "m-full", "kind": "ok", "word": f"第 {counted.index(month) + 1} 月"}
        elif month in to_do:
            cell = {"css": "m-bad" if month < BillingMonth.of(on) else "", "kind": "warn", "icon": "clock", "word": "等核"}
        else:
            cell = {"css": "", "kind": "idle", "icon": "clock", "word": "没到" if month > BillingMonth.of(on) else "没核"}
        cells.append({"month": month, **cell})
    return cells[-12:]


def check_rows(spell, checks, readings, reduced):
    """Rows of the months' table, newest first: what was read, how, at which percent, what the month's bill is and what it was lowered by."""
    money = month_money(spell)
    used = {(row.check_row_id, row.meter): row for row in readings}
    rows = []
    for check in sorted(checks, key=lambda check: check.month, reverse=True):
        month = BillingMonth.of(check.month)
        rows.append({"check": check, "month": month, "percent": reduced.get(month, 100), "money": money.get(month),
                     **{meter: used.get((check.pk, meter)) for meter in ("water", "power", "gas")}})
    return rows


def month_money(spell):
    """{BillingMonth: {billed, credited, more}} of the household's reduced fee, fen; two queries."""
    found = {}
    lines = Charge.objects.live().filter(household=spell.household_id, fee_kind__code__in=REDUCED.values(), period__gte=spell.spell_from.replace(day=1))
    for line in lines.prefetch_related("credits"):
        row = found.setdefault(BillingMonth.of(line.period), {"billed": 0, "credited": 0, "more": 0})
        row["more" if line.subject else "billed"] += line.amount
        row["credited"] += sum(credit.amount for credit in line.credits.all() if credit.source == credit.Source.VACANCY)
    for row in found.values():
        row["net"] = row["billed"] + row["more"] - row["credited"]
    return found


@dataclass
class Outlook:
    """What an application would bring: from which month, why, in figures; nobody is promised anything."""

    month: BillingMonth
    counted: list
    needs: int
    percent: int
    full: str = ""
    lower: str = ""


def outlook(household, spell_from, applied_on):
    """Outlook of an application with these days, by the estate's settings and today's price."""
    policy = BillingPolicy.of(household.estate_id)
    counted_from = counts_from(spell_from, applied_on, from_application=policy.vacancy_spell_from == policy.SpellFrom.APPLICATION)
    whole = policy.vacancy_reduces == policy.Reduces.WHOLE_SPELL
    month = first_reduced(counted_from, applied_on, policy.vacancy_months, whole=whole)
    first = first_reduced(counted_from, applied_on, 0, whole=True)
    shown = Outlook(month, [first + n for n in range(policy.vacancy_months)], policy.vacancy_months, policy.vacancy_percent)
    price = Price.objects.of(household.estate_id).on(month.first).filter(fee_kind__code=REDUCED[household.unit.kind]).first()
    area = household.unit.area_on(month.first)
    if price and area:
        made_of = f"{area_text(area.area)} × {price_text(price.unit_price)}"
        shown.full = f"{made_of} = {yuan(line_amount(area.area, price.unit_price))}"
        shown.lower = f"{made_of} × {policy.vacancy_percent}% = {yuan(line_amount(area.area, price.unit_price, policy.vacancy_percent))}"
    return shown


def vacancies_table(estate, tab, on):
    """The Excel list of one tab."""
    rows = of_tab(estate, tab, on).prefetch_related("months")
    return Table(TABS[tab][0], ["房号", "户号", "业主", "申请表", "空置起", "申请日", "批准起", "批准止", "状态", "减免月数", "结束日", "结束原因"],
                 ([row.unit.code, row.household.number, row.household.owner_names, str(row), row.spell_from, row.applied_on, row.approved_from or "",
                   row.approved_to or "", row.state["word"], sum(month.voided_at is None for month in row.months.all()), row.ended_on or "",
                   row.get_ended_why_display() if row.ended_why else ""] for row in rows),
                 {0: 12, 1: 22, 2: 20, 3: 18, 4: 12, 5: 12, 6: 12, 7: 12, 8: 10, 9: 10, 10: 12, 11: 12})
