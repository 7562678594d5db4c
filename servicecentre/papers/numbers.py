"""Every number of every series: what was issued, what is void, what is missing; counted from the papers, not believed."""
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from .models import Paper, Print, Series


@dataclass
class Counted:
    """A series and what its papers say of it."""

    series: Series
    issued: int
    void: int
    missing: list

    @property
    def following(self):
        """The number that comes next."""
        return self.series.number(self.series.last + 1)

    @property
    def missing_numbers(self):
        return [self.series.number(serial) for serial in self.missing]


def counted(estate):
    """[Counted] of all series by kind, the newest year first: one question for all, one more for each that has a gap."""
    papers = Paper.objects.of(estate).values("kind", "year").annotate(issued=Count("pk"), void=Count("voided_at"), newest=Max("serial"))
    found = {(row["kind"], row["year"]): row for row in papers.order_by()}
    none = {"issued": 0, "void": 0, "newest": 0}
    rows = []
    for series in Series.objects.of(estate).order_by("kind", "-year"):
        row = found.get((series.kind, series.year), none)
        whole = row["issued"] == series.last == row["newest"]
        rows.append(Counted(series, row["issued"], row["void"], [] if whole else series.count()["missing"]))
    return rows


def papers_of(series, asked):
    """The papers of a series that fit what was asked (NumbersForm's clean values), the newest first, with ``times`` printed."""
    prints = Print.objects.filter(paper=OuterRef("pk")).order_by().values("paper").annotate(n=Count("pk")).values("n")
    papers = series.papers().select_related("issued_by", "replaces").annotate(times=Coalesce(Subquery(prints), 0)).newest_first()
    return narrowed(papers, asked)


def narrowed(papers, asked):
    """Those of the papers that fit day, state, person and number."""
    if first := asked.get("first"):
        papers = papers.filter(issued_on__gte=first)
    if last := asked.get("last"):
        papers = papers.filter(issued_on__lte=last)
    if who := asked.get("who"):
        papers = papers.filter(issued_by=who)
    if (state := asked.get("state")) in ("live", "void"):
        papers = papers.filter(voided_at__isnull=state == "live")
    elif state == "again":
        papers = papers.filter(prints__n=2)
    if number := (asked.get("number") or "").strip().upper():
        papers = papers.filter(number__endswith=number.rpartition("-")[2])
    return papers


def people_of(estate):
    """[(pk, name)] of those who ever issued a paper here."""
    theirs = Paper.objects.of(estate).filter(issued_by=OuterRef("pk"))
    return get_user_model().objects.filter(Exists(theirs)).order_by("name", "pk").values_list("pk", "name")
