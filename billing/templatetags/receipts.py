"""Words of payments and lines for lists: `{{ payment|ways }}` → 微信、现金; `{{ charge|formula }}` → 89.56 × 1.9 × 1 月."""
from django import template

from billing import explain
from billing.slips import ways_text

register = template.Library()
register.filter("formula", explain.formula)
register.filter("period", explain.period_text)
register.filter("ways_in_full", ways_text)


@register.filter
def ways(payment):
    """The methods of a payment whose parts were fetched, in the order they were entered."""
    return "、".join(part.get_method_display() for part in sorted(payment.parts.all(), key=lambda part: part.pk))


@register.filter
def less(fen, other):
    """The difference to another sum, with its sign."""
    return fen - other


@register.filter
def magnitude(fen):
    """A difference without its sign, where words say more or less."""
    return abs(fen)
