"""The only exception of ours, and the database's refusals turned into it."""
import re

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import UniqueConstraint

from . import guards


class Refused(ValidationError):
    """An act refuses: a sentence, or ``{field: sentence}``.

    ``unless="arrears"`` makes it a warning: the form offers to go on for just that doubt, which comes back to the
    act in ``despite``. ``link`` is where the clerk may look: (words, URL).
    """

    def __init__(self, message, unless=None, link=None):
        super().__init__(message, code=unless and f"unless:{unless}")
        self.unless, self.link = unless, link

    @property
    def sentence(self):
        """All sentences in one line, for commands and the log of a job."""
        return " ".join(self.messages)


def in_words(error):
    """The violated rule's own sentence as Refused, or None when it is no rule of ours.

    PostgreSQL names the constraint; SQLite names CHECKs and our triggers, of a UNIQUE only the columns (so two unique
    rules of one table never share a column set; tests/test_fences.py judges that).
    """
    rule = _violated(error)
    for model in apps.get_models():
        table = model._meta.db_table
        for constraint in model._meta.constraints:
            columns = isinstance(constraint, UniqueConstraint) and (table, frozenset(
                model._meta.get_field(name).column for name in constraint.fields))
            if rule in (constraint.name, columns) and rule:
                return Refused(constraint.violation_error_message)
        for guard in guards.guards_of(model):
            if rule == guard.name(model):
                return Refused(guard.sentence)
    return None


def _violated(error):
    diag = getattr(error.__cause__, "diag", None)
    if diag is not None and diag.constraint_name:
        return diag.constraint_name
    text = str(error)
    if m := re.match(r"UNIQUE constraint failed: (.+)", text):
        columns = [c.strip().split(".") for c in m[1].split(",")]
        return columns[0][0], frozenset(c[-1] for c in columns)
    if m := re.match(r"CHECK constraint failed: (\w+)", text):
        return m[1]
    return text.strip()
