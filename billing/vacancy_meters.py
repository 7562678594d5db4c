"""Readings of an empty unit's meters: each since the one before, and when the use is too much for a vacancy (DOMAIN §2, FORMS 3.6)."""
from servicecentre.kit.money import area_text
from servicecentre.kit.refused import Refused

from .models import VacancyReading
from .vacancy_months import mean_use, too_much

Meter = VacancyReading.Meter
UNITS = {Meter.WATER: "吨", Meter.POWER: "度"}
LIMITED = frozenset(UNITS)                # meters that show whether it is empty; gas is read and kept, no more


def limits(policy):
    """{meter: whole units a month that are still no use}."""
    return {Meter.WATER: policy.vacancy_water, Meter.POWER: policy.vacancy_power}


def given(water=None, power=None, gas=None):
    """{meter: reading} of those that were read."""
    return {meter: reading for meter, reading in ((Meter.WATER, water), (Meter.POWER, power), (Meter.GAS, gas)) if reading is not None}


def passed(policy, used):
    """Meters whose use passes their limit; ``used``: {meter: (0.01 units, days)}."""
    return [meter for meter, (fen, days) in used.items() if meter in LIMITED and too_much(fen, days, limits(policy)[meter])]


def over_words(policy, used):
    """What passes the limits, in words, empty when nothing does."""
    return "，".join(f"用{meter.label}每月 {area_text(mean_use(*used[meter]))} {UNITS[meter]}，超过 {limits(policy)[meter]} {UNITS[meter]}"
                    for meter in passed(policy, used))


def used_between(before, after, days, *, fields):
    """{meter: (0.01 units, days)} of meters read twice; Refused beside the field where a later reading is smaller."""
    used = {}
    for meter, reading in after.items():
        if meter not in before:
            continue
        if reading < before[meter]:
            raise Refused({fields[meter]: f"比上次的 {area_text(before[meter])} 小，请核对。换过表就不填读数，选现场查看。"})
        used[meter] = (reading - before[meter], days)
    return used


def last_readings(spell):
    """{meter: VacancyReading} as they were read last."""
    return {Meter(row.meter): row for row in spell.readings.live().order_by("on", "pk")}


def used_since(last, read, on, *, fields):
    """{meter: (0.01 units, days)} since each meter's own last reading; Refused where it runs backward, or was read on a later day."""
    used = {}
    for meter, reading in read.items():
        if (before := last.get(meter)) is None:
            continue
        if on < before.on:
            raise Refused({"on": f"{meter.label}表 {before.on} 已抄过，核查日不能更早。"})
        used |= used_between({meter: before.reading}, {meter: reading}, (on - before.on).days, fields=fields)
    return used


def write_readings(spell, read, *, on, by, used=None, check=None):
    """One row for each meter read."""
    for meter, reading in read.items():
        fen, days = (used or {}).get(meter, (None, None))
        VacancyReading.objects.create(estate_id=spell.estate_id, application=spell, check_row=check, meter=meter, on=on, reading=reading, used=fen,
                                      days=days, by=by)
