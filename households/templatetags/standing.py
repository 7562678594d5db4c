"""`{% load standing %}{% standing_notes household "collect" %}`: the owner's standing instructions, red, before the act they speak of."""
from django import template

from ..standing import standing_for

register = template.Library()


@register.inclusion_tag("households/_standing.html")
def standing_notes(household, moment=""):
    return {"instructions": standing_for(household, moment)}
