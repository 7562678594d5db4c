"""Notices 通知: what is off or under way, where, from when to when; a numbered paper for each end it was given (FORMS 6.11)."""
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse

from households.models import Building
from servicecentre.kit import guards
from servicecentre.kit.periods import SHANGHAI, shown_date, shown_moment
from servicecentre.kit.rows import EstateQuerySet, EstateRow, Versioned
from servicecentre.papers.models import Paper

USER = settings.AUTH_USER_MODEL


class NoticeQuerySet(EstateQuerySet):
    def up(self):
        """Not taken down, whatever the clock says."""
        return self.filter(down_at=None)

    def current(self, *, at):
        """In force at this moment, or to come."""
        return self.up().filter(ends_at__gt=at)

    def in_force(self, *, at):
        return self.current(at=at).filter(starts_at__lte=at)

    def past(self, *, at):
        """Taken down, or over by itself."""
        return self.filter(Q(down_at__isnull=False) | Q(ends_at__lte=at))

    def concerning(self, unit):
        """Of the whole estate, or of the unit's building or entrance."""
        here = NoticePlace.objects.filter(notice=OuterRef("pk"), building=unit.building_id, entrance__in={"", unit.entrance})
        return self.of(unit.estate_id).filter(Q(whole=True) | Exists(here))

    def meeting(self, starts_at, ends_at):
        """Whose time shares a moment with this one."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)

    def with_places(self):
        return self.prefetch_related(Prefetch("places", NoticePlace.objects.select_related("building")))

    def soonest_first(self):
        return self.order_by("starts_at", "pk")

    def newest_first(self):
        return self.order_by("-starts_at", "-pk")


class Notice(Versioned, EstateRow):
    """One notice. Its words never change: a wrong one is taken down and posted anew; ``ends_at`` is its last term's."""

    class Kind(models.TextChoices):
        WATER = "water", "停水"
        POWER = "power", "停电"
        LIFT = "lift", "电梯"
        PEST = "pest", "消杀"
        WORKS = "works", "施工"
        OTHER = "other", "其他"

    TITLES = {Kind.WATER: "停水通知", Kind.POWER: "停电通知", Kind.LIFT: "电梯停运通知", Kind.PEST: "消杀通知", Kind.WORKS: "施工通知",
              Kind.OTHER: "通知"}

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    whole = models.BooleanField("全小区")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    cause = models.CharField("原因", max_length=60)
    doer = models.CharField("施工", max_length=60, blank=True)
    words = models.CharField("内容", max_length=200)
    posted_by = models.ForeignKey(USER, models.PROTECT, verbose_name="张贴人", related_name="+")
    posted_at = models.DateTimeField("张贴时间")
    extended = models.PositiveSmallIntegerField("延时次数", default=0)
    down_at = models.DateTimeField("撤下时间", null=True)
    down_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤下人", related_name="+")
    down_reason = models.CharField("撤下原因", max_length=120, null=True)

    objects = NoticeQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.Frozen("kind", "whole", "starts_at", "cause", "doer", "words", "posted_by", "posted_at",
                                                  once=("down_at", "down_by", "down_reason"))]

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [
            models.CheckConstraint(name="notice_ends_after_it_starts", violation_error_message="结束要晚于开始，请核对起止时间。",
                                   condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="notice_taken_down_with_reason", violation_error_message="撤下通知要写明原因和撤下人。",
                                   condition=Q(down_at=None, down_by=None, down_reason=None)
                                   | Q(down_at__isnull=False, down_by__isnull=False, down_reason__gt=""))]
        indexes = [models.Index(fields=["estate", "ends_at"], condition=Q(down_at=None), name="notice_up_by_end")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("tickets:notice", args=[self.pk])

    @property
    def title(self):
        return self.TITLES[self.kind]

    @property
    def where(self):
        """全小区, or 「3栋、4栋，5栋1、2单元」."""
        return "全小区" if self.whole else where_words((place.building, place.entrance) for place in self.places.all())

    @property
    def span(self):
        """「11-26 09:00–15:00」, over several days 「11-26 09:00 至 11-28 18:00」."""
        starts, ends = (moment.astimezone(SHANGHAI) for moment in (self.starts_at, self.ends_at))
        if starts.date() == ends.date():
            return f"{shown_date(starts.date())} {starts:%H:%M}–{ends:%H:%M}"
        return f"{shown_date(starts.date())} {starts:%H:%M} 至 {shown_date(ends.date())} {ends:%H:%M}"

    def concerns(self, unit):
        """Does it speak of this unit? Of its estate, its building, its entrance."""
        return unit.estate_id == self.estate_id and (self.whole or any(
            place.building_id == unit.building_id and place.entrance in ("", unit.entrance) for place in self.places.all()))

    def state_at(self, at):
        """How it stands, ready for a status mark: kind, icon, word."""
        if self.down_at:
            return {"kind": "idle", "word": "已撤下"}
        if at >= self.ends_at:
            return {"kind": "idle", "word": "已结束"}
        if at < self.starts_at:
            return {"kind": "run", "icon": "clock", "word": f"{shown_moment(self.starts_at, at)} 起"}
        return {"kind": "warn", "word": f"到 {shown_moment(self.ends_at, at)}"}

    def last_term(self):
        """The term that holds now, with its paper."""
        return self.terms.select_related("paper").last()


class NoticePlace(EstateRow):
    """Where a notice holds: one entrance of a building, or all of it (``entrance`` empty)."""

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name="通知", related_name="places")
    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋", related_name="+")
    entrance = models.CharField("单元", max_length=10, blank=True)

    guards = [guards.SameEstate("notice", "building"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "通知范围"
        ordering = ["building__sort", "entrance"]
        constraints = [models.UniqueConstraint(fields=["notice", "building", "entrance"], name="one_place_per_notice",
                                               violation_error_message="这个楼栋单元已经在这张通知里。")]

    def __str__(self):
        return where_words([(self.building, self.entrance)])


class NoticeTerm(EstateRow):
    """Each end that a notice was given, with the paper that told it: the first when it was posted, a later one for each extension."""

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name="通知", related_name="terms")
    n = models.PositiveSmallIntegerField("第几次")
    ends_at = models.DateTimeField("结束")
    reason = models.CharField("延时原因", max_length=60, blank=True)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="单据", related_name="notice_term")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    guards = [guards.SameEstate("notice", "paper"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "通知起止"
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "n"], name="one_term_per_turn",
                                    violation_error_message="这张通知刚才已经延时，请刷新后再办。"),
            models.CheckConstraint(name="later_term_has_reason", violation_error_message="延时要写明原因。",
                                   condition=Q(n=1) | Q(n__gt=1, reason__gt=""))]

    def __str__(self):
        return f"{self.paper}"

    def get_absolute_url(self):
        return reverse("tickets:notice", args=[self.notice_id])


def with_states(notices, at):
    """These notices, each with its ``state`` at this moment."""
    for notice in notices:
        notice.state = notice.state_at(at)
    return notices


def where_words(places):
    """(building, entrance) pairs in words: 「3栋、4栋，5栋1、2单元」, in the order they come."""
    entrances = {}
    for building, entrance in places:
        entrances.setdefault(str(building), []).append(entrance)
    whole = [building for building, named in entrances.items() if "" in named]
    parts = [f"{building}{'、'.join(sorted(named, key=lambda e: (len(e), e)))}单元" for building, named in entrances.items() if "" not in named]
    return "，".join((["、".join(whole)] if whole else []) + parts)
