"""What somebody typed, clean, or Refused beside its field."""
from households.entering import checked
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text


def said(field, text, limit=100, *, wanted=""):
    """Clean text of at most ``limit`` characters; with ``wanted``, a sentence, it may not be empty."""
    text = checked(field, clean_text, text, limit)
    if wanted and not text:
        raise Refused({field: wanted})
    return text
