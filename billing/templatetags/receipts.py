"""Words of payments for lists: `{{ payment|ways }}` → 微信、现金."""
from django import template

from billing.slips import ways_text

register = template.Library()


@register.filter
def ways(payment):
    """The methods of a payment whose parts were fetched, in the order they were entered."""
    return "、".join(part.get_method_display() for part in sorted(payment.parts.all(), key=lambda part: part.pk))


@register.filter
def ways_in_full(payment):
    """With sums and references."""
    return ways_text(payment)
