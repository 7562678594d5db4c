"""What void-1 needs beside its content: figures as papers write them. Part of that edition."""
from django import template

from servicecentre.kit.money import in_words, yuan

register = template.Library()
register.filter("money", yuan)


@register.filter
def count_in_words(number):
    """叁 for 3, as copies and goods are counted on paper."""
    return in_words(number * 100).removesuffix("元整") if number else "零"
