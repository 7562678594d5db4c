"""Four empty homes of the demo: two approved and looked at, with their credits, one not looked at this month, one waiting for a manager."""
from datetime import timedelta
from functools import partial

from billing.models import VacancyApplication
from billing.vacancy import apply_vacancy, approve_vacancy
from billing.vacancy_checks import check_vacancy
from billing.vacancy_months import first_reduced
from billing.vacancy_spells import ending_now, months_to_check
from households.models import Household, Unit
from servicecentre.kit.periods import BillingMonth, today

EMPTY, DAYS = 4, 240                      # homes; how long they have stood empty when applied for
CONTACTS = ("卢建芳 业主之姐 13800007720", "邹平 业主之父 13900002211", "陈犇 朋友 13700007001", "周敏 业主本人 13600004400")


def past(estate, clerk, manager, engineer, at):
    """[(moment, what is done then)], in no order: applied for forty days ago, approved the day after, checked since; the last one applied for today."""
    begins = today() - timedelta(days=DAYS)
    rows = Household.objects.of(estate).live().filter(unit__kind=Unit.Kind.HOME, ends_on=None, starts_on__lte=begins, residents=None)
    chosen = list(rows.select_related("unit").order_by("-unit__sort")[:EMPTY])
    done = []
    for n, household in enumerate(chosen):
        waits = n == len(chosen) - 1
        day = today() - timedelta(days=0 if waits else 40 + n)
        done.append((at(day, 9, 40), partial(_apply, household, begins, day, CONTACTS[n], clerk)))
        if not waits:
            done.append((at(day + timedelta(days=1), 10), partial(_approve, household, manager)))
            looked = (30, 8) if n else (30,)
            done += [(at(today() - timedelta(days=before), 14, n), partial(_check, household, engineer)) for before in looked]
    return done


def _apply(household, begins, day, contact, clerk):
    if ending_now(household, begins) is None:
        apply_vacancy(household, spell_from=begins, proof="readings", applied_on=day, reason="away", contact=contact, statement=True, water_start=32,
                      water_now=121, power_start=1260, power_now=4310, by=clerk)


def _approve(household, manager):
    if spell := VacancyApplication.objects.asked().filter(household=household).first():
        first = first_reduced(spell.spell_from, spell.applied_on, 0)
        approve_vacancy(spell, approved_from=first, approved_to=first + 11, version=spell.version, by=manager)


def _check(household, engineer):
    """The oldest month that waits, by readings a little on."""
    spell = VacancyApplication.objects.running().filter(household=household).first()
    months = spell and months_to_check(spell, on=today())
    if months and months[0].first <= today() and months[0] >= BillingMonth.of(today()) + -1:
        last = {row.meter: row.reading for row in spell.readings.live()}
        check_vacancy(spell, month=months[0], on=today(), kind="readings", water=last["water"] + 22, power=last["power"] + 540, by=engineer)
