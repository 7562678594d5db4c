"""`{% load standing %}{% standing_notes household "collect" %}`: the owner's standing instructions, red, before the act they speak of."""
from django import template

from servicecentre.kit.periods import today

from ..standing import standing_for

register = template.Library()


@register.inclusion_tag("households/_standing.html", takes_context=True)
def standing_notes(context, household, moment=""):
    """Each with the way to end it, for who may, while the tenure goes on."""
    over = household.ends_on and household.ends_on < today()
    return {"instructions": standing_for(household, moment), "may_end": not over and "households.change_household" in context.get("rights", ())}
