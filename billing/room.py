"""How much of a line credits may still lower: all that name it come to no more than it says, so nobody gets back what nobody paid (DOMAIN §9.4).

A year's discount is a credit too; where it falls away, a line of its own takes it back (ahead.take_discount_back) and makes room again.
"""
from django.db.models import Sum

from servicecentre.kit.money import half_up

from .models import Charge, Credit

FALLEN = "优惠-"                          # the subject of a line that takes a year's discount back, before the number of its line


def room(charge):
    """What credits may still take off this line, fen; a year's discount apart, which falls away with what is taken off."""
    return max(0, charge.amount - _sum(charge.credits.exclude(source=Credit.Source.DISCOUNT)))


def room_beside_discount(charge):
    """What they may where the year's discount stays."""
    return max(0, charge.amount - _sum(charge.credits.all()) + fallen(charge))


def discount_gone(charge, back):
    """How much of a year's discount falls away where ``back`` fen of the line are given back (DOMAIN §2 Paying ahead).

    Its part of what is given back, or more where other credits leave less than that: never is more given back than was paid.
    """
    given = _sum(charge.credits.filter(source=Credit.Source.DISCOUNT))
    if not given:
        return 0
    before = charge.amount - _sum(charge.credits.filter(source=Credit.Source.CORRECTION))
    share = half_up(given * before, charge.amount) - half_up(given * (before - back), charge.amount)
    above = back + _sum(charge.credits.all()) - fallen(charge) - charge.amount
    return max(0, min(given - fallen(charge), max(share, above)))


def fallen(charge):
    """What has been taken back of its discount."""
    return _sum(Charge.objects.live().filter(household=charge.household_id, subject=f"{FALLEN}{charge.pk}"))


def _sum(rows):
    return int(rows.aggregate(fen=Sum("amount", default=0))["fen"])
