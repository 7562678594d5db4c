"""What every row of ours shares: its estate, the lock, the stale-page version, and spans that never overlap."""
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value

from .refused import Refused


class EstateQuerySet(models.QuerySet):
    def of(self, estate):
        """Rows of this estate: the only way in for views (TRUST 12)."""
        return self.filter(estate=estate)

    def lock(self, row):
        """The row, read again and held until the act ends; takes a row or its pk. Refused when somebody has just removed it."""
        try:
            return self.select_for_update(of=("self",)).get(pk=getattr(row, "pk", row))
        except self.model.DoesNotExist as gone:
            raise Refused("这一条刚才被别人删去了，请刷新后再看。") from gone


class EstateRow(models.Model):
    """A row that belongs to one estate. ``guards`` are triggers, see kit/guards.py."""

    estate = models.ForeignKey("estates.Estate", models.PROTECT, verbose_name="小区", related_name="+")
    objects = EstateQuerySet.as_manager()
    guards = ()

    class Meta:
        abstract = True


class OfHouseholdNo:
    """A row that keeps its household's number as text, without a foreign key: it outlives the household."""

    @property
    def room(self):
        """The room of the household's number: 3-2-1801 of 3-2-1801-02."""
        return self.household_no.rpartition("-")[0]


class Versioned(models.Model):
    """A row that people edit: the form carries ``version``, the act compares it (TRUST 25)."""

    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        abstract = True


class NoOverlap(ExclusionConstraint):
    """Spans of one owner never share a day; the last day belongs to the span, no last day means for ever.

    PostgreSQL: EXCLUDE with ranges alone, which needs no extension. SQLite: a trigger of the same name, made by
    kit/guards.py from this declaration. Never move this class: migrations import it by path.
    """

    def __init__(self, *, name, by, starts="starts_on", ends="ends_on", live=None, violation_error_message=None, **_):
        self.by, self.starts, self.ends, self.live = by, starts, ends, live
        super().__init__(
            name=name, index_type="gist",
            expressions=[(Func(F(f"{by}_id"), F(f"{by}_id"), Value("[]"), function="int8range"), "&&"),
                         (Func(F(starts), F(ends), Value("[]"), function="daterange"), "&&")],
            condition=Q(**{f"{live}__isnull": True}) if live else None,
            violation_error_message=violation_error_message)

    def deconstruct(self):
        kwargs = {"name": self.name, "by": self.by, "starts": self.starts, "ends": self.ends, "live": self.live}
        if self.violation_error_message != self.default_violation_error_message:
            kwargs["violation_error_message"] = self.violation_error_message
        return "servicecentre.kit.rows.NoOverlap", (), kwargs

    def constraint_sql(self, model, schema_editor):
        return super().constraint_sql(model, schema_editor) if _has_ranges(schema_editor) else None

    def create_sql(self, model, schema_editor):
        return super().create_sql(model, schema_editor) if _has_ranges(schema_editor) else None

    def remove_sql(self, model, schema_editor):
        return super().remove_sql(model, schema_editor) if _has_ranges(schema_editor) else None

    def check(self, model, connection):
        return []

    def validate(self, model, instance, exclude=None, using=None):
        """The act says it first, the database has the last word; a form does not ask."""


def _has_ranges(schema_editor):
    return schema_editor.connection.vendor == "postgresql"
