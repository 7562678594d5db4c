"""Numbered papers that never change: the series they count in, the paper, its prints; and the texts people may edit."""
import json
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Max, OuterRef, Q, Subquery
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, OfHouseholdNo, Versioned
from servicecentre.kit.secrets import seal_holds

from .kinds import KINDS, TEXTS, copy_of
from .sheets import SHEETS

USER = settings.AUTH_USER_MODEL
OPEN_FOR = timedelta(minutes=10)          # how long a print's PDF may be fetched again (TRUST 9)
OPEN_ALL_DAY = timedelta(hours=12)
KEPT_FOR = timedelta(hours=24)            # how long a batch waits to be taken
FURTHEST = 200                            # 0.1 mm: a print farther off lies on its side, not beside the mark
MOST_SERIALS = 9_999_999                  # what a mark has room for


def canonical(content):
    """The one text of a content, whatever order a database gives its keys back in."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _new_name():
    return uuid.uuid4().hex


class Database(models.Model):
    """This database's own name, one row: lines in the outer journal carry it, so that a restore knows its own (TRUST §6)."""

    name = models.CharField("标识", max_length=32, default=_new_name)
    guards = [guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "数据库"

    def __str__(self):
        return self.name


class Series(EstateRow):
    """The last serial given out per estate, kind and year; its lock is what makes numbers follow each other (TRUST 4)."""

    kind = models.CharField("类别", max_length=2)
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("最后一号", default=0)

    guards = [guards.Undeletable(), guards.Frozen("estate", "kind", "year")]

    class Meta:
        verbose_name = verbose_name_plural = "号码序列"
        constraints = [models.UniqueConstraint(fields=["estate", "kind", "year"], name="one_series_per_kind_and_year",
                                               violation_error_message="这个号码序列已经有了。")]

    def __str__(self):
        return f"{self.kind}-{self.year}"

    @property
    def kind_label(self):
        return KINDS[self.kind].name if self.kind in KINDS else self.kind

    def number(self, serial):
        """`SJ-2026-001234`."""
        return f"{self.kind}-{self.year}-{serial:06}"

    def papers(self):
        return Paper.objects.of(self.estate).of_kind(self.kind, self.year)

    def count(self):
        """{issued, void, missing}: missing are serials up to the last one that no paper bears; there should be none."""
        found = self.papers().aggregate(issued=Count("pk"), void=Count("voided_at"), newest=Max("serial"))
        if found["issued"] == self.last == (found["newest"] or 0):
            return found | {"missing": []}
        there = set(self.papers().values_list("serial", flat=True))
        return found | {"missing": [serial for serial in range(1, max(self.last, found["newest"] or 0) + 1) if serial not in there]}


class PaperQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)

    def of_kind(self, letters, year):
        return self.filter(kind=letters, year=year)

    def newest_first(self):
        return self.order_by("-year", "-serial")


class Paper(OfHouseholdNo, EstateRow):
    """One numbered paper as it was issued: words, figures and template edition frozen; printing only reads (ARCHITECTURE 6).

    ``household_no`` is text without a foreign key: a paper outlives the household it was written for.
    """

    kind = models.CharField("类别", max_length=2)
    year = models.PositiveSmallIntegerField("年份")
    serial = models.PositiveIntegerField("序号")
    number = models.CharField("号码", max_length=20)
    household_no = models.CharField("户号", max_length=40, blank=True)
    content = models.JSONField("内容")
    digest = models.CharField("内容摘要", max_length=64)
    edition = models.CharField("版式", max_length=60)
    mark = models.CharField("防伪码", max_length=80)
    issued_at = models.DateTimeField("开出时间")
    issued_on = models.DateField("开出日期")
    issued_by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    replaces = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="替代", related_name="replaced_by")
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废批准人", related_name="+")
    void_asked_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废申请人", related_name="+")
    void_reason = models.CharField("作废原因", max_length=120, null=True)
    undone_by = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="冲红单", related_name="undoes")

    objects = PaperQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.SameEstate("replaces", "undone_by"),
              guards.Frozen("estate", "kind", "year", "serial", "number", "household_no", "content", "digest", "edition", "mark",
                            "issued_at", "issued_on", "issued_by", "replaces",
                            once=("voided_at", "voided_by", "void_asked_by", "void_reason", "undone_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "单据"
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="one_paper_per_number",
                                    violation_error_message="这个号码已经开出。"),
            models.UniqueConstraint(fields=["estate", "kind", "year", "serial"], name="one_paper_per_serial",
                                    violation_error_message="这个序号已经开出。"),
            models.CheckConstraint(name="void_paper_says_why", violation_error_message="作废要写明原因和批准人。",
                                   condition=Q(voided_at=None, voided_by=None, void_asked_by=None, void_reason=None)
                                   | Q(voided_at__isnull=False, voided_by__isnull=False, void_reason__gt="")),
            models.CheckConstraint(name="serial_has_room", violation_error_message="这个序列的号码已用完。",
                                   condition=Q(serial__gte=1, serial__lte=MOST_SERIALS))]
        indexes = [models.Index(F("estate"), F("household_no"), F("id").desc(), name="paper_by_household")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("papers:paper", args=[self.pk])

    def frozen(self):
        """What the digest stands for."""
        return (self.estate_id, self.number, self.household_no, self.edition, self.issued_on, canonical(self.content))

    @property
    def intact(self):
        """Is this what was issued? A keyed digest answers, also for changes behind the program's back (TRUST 8)."""
        return seal_holds(self.digest, *self.frozen())

    @property
    def kind_label(self):
        return KINDS[self.kind].name if self.kind in KINDS else self.kind

    @property
    def row(self):
        """What the paper was issued for, by the name its kind gives; None for papers that know of none."""
        kind = KINDS.get(self.kind)
        return getattr(self, kind.row, None) if kind and kind.row else None

    def note_on(self, day):
        """What has become of that since, in words: a letter that was revoked; "" where the paper still says it all."""
        return getattr(self.row, "paper_note", lambda day: "")(day)

    def original_for(self, user, *, at):
        """The first print while this user may still fetch it; else None."""
        first = self.prints.filter(n=1, by=user).select_related("paper").first()
        return first if first and first.open_to(user, at=at) else None

    @property
    def is_void(self):
        return self.voided_at is not None

    @property
    def state(self):
        """(colour, word) for lists and pages."""
        return ("bad", "作废") if self.is_void else ("ok", "有效")

    @property
    def state_note(self):
        """What one asks next, beside the state: why it is void, or which one it stands in for; else empty."""
        if self.is_void:
            return f"，{self.void_reason[:8]}{'…' if len(self.void_reason) > 8 else ''}"
        return f"，替 {self.replaces.number[-6:]}" if self.replaces_id else ""


class Print(EstateRow):
    """Each time a paper was printed: 1 is the original that issuing made, every later one is marked 补打 (TRUST 9)."""

    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="单据", related_name="prints")
    n = models.PositiveIntegerField("第几次")
    copies = models.CharField("联次", max_length=10, blank=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="打印人", related_name="+")
    at = models.DateTimeField("打印时间")
    reason = models.CharField("补打原因", max_length=60, blank=True)
    batch = models.ForeignKey("papers.Batch", models.PROTECT, null=True, verbose_name="批次", related_name="prints")

    guards = [guards.SameEstate("paper", "batch"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "打印"
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "n"], name="one_print_per_turn",
                                    violation_error_message="刚才已经打印过一次，请刷新后再补打。"),
            models.CheckConstraint(name="reprint_has_reason", violation_error_message="补打要写明原因。",
                                   condition=Q(n=1) | Q(n__gt=1, reason__gt=""))]

    def __str__(self):
        return f"{self.paper} 第 {self.n} 次"

    def get_absolute_url(self):
        return self.paper.get_absolute_url()

    def get_pdf_url(self):
        return reverse("papers:pdf", args=[self.paper_id, self.n])

    @property
    def copy_label(self):
        """Which 联 it was; empty for all of them."""
        copy = copy_of(KINDS[self.paper.kind], self.copies)
        return copy.name if copy else "全部联次" if self.copies == "all" else ""

    def open_to(self, user, *, at):
        """May this user still fetch the PDF? Viewers fetch twice, so the link repeats for a while, then never again.

        The original of a paper that replaces another was made when somebody else approved it: its own day is its while.
        """
        approved_by_another = self.n == 1 and self.paper.replaces_id is not None
        return user.pk == self.by_id and at < self.at + (OPEN_ALL_DAY if approved_by_another else OPEN_FOR)


class Batch(EstateRow):
    """Papers printed again as one PDF: each of them has a Print in it; the file is its maker's, for a while (TRUST 9)."""

    words = models.CharField("哪些", max_length=120)
    reason = models.CharField("补打原因", max_length=60)
    count = models.PositiveIntegerField("张数")
    sheet = models.CharField("纸", max_length=10)
    x = models.IntegerField("横移", default=0)
    y = models.IntegerField("竖移", default=0)
    file = models.CharField("文件", max_length=32, default=_new_name)
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, verbose_name="任务", related_name="+")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="发起人", related_name="+")
    made_at = models.DateTimeField("发起时间")
    pages = models.PositiveIntegerField("页数", default=0)
    size = models.PositiveIntegerField("大小", default=0)
    ended_at = models.DateTimeField("出完时间", null=True)
    taken_at = models.DateTimeField("取走时间", null=True)

    guards = [guards.Undeletable(), guards.SameEstate("job"),
              guards.Frozen("words", "reason", "count", "sheet", "x", "y", "file", "made_by", "made_at", once=("ended_at", "taken_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "批量打印"

    def __str__(self):
        return self.words

    def get_absolute_url(self):
        return reverse("papers:batch", args=[self.pk])

    def get_pdf_url(self):
        return reverse("papers:batch_pdf", args=[self.pk])

    @property
    def path(self):
        """Where its file lies, private to this program; there only once it is whole."""
        return settings.DATA_DIR / "batches" / f"{self.file}.pdf"

    def is_kept(self, *, at):
        """Is the file still kept for who made it?"""
        return self.ended_at is not None and at < self.ended_at + KEPT_FOR

    def open_to(self, user, *, at):
        """May this user fetch the file? Its maker, ten minutes from taking it, as with a single print."""
        return user.pk == self.made_by_id and self.taken_at is not None and at < self.taken_at + OPEN_FOR and self.is_kept(at=at)


class Computer(Versioned, EstateRow):
    """A computer at the desk, which its browser names by a signed cookie: what its printers are called, how they are off the mark."""

    name = models.CharField("电脑", max_length=20)
    receipt_sheet = models.CharField("收据用纸", max_length=10, default="a5")

    class Meta:
        verbose_name = verbose_name_plural = "电脑"
        constraints = [models.UniqueConstraint(fields=["estate", "name"], name="one_computer_per_name",
                                               violation_error_message="已有这个名字的电脑，请直接选它。")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("papers:printers")


class Printer(EstateRow):
    """One sheet on one computer: which printer takes it, how far the print is moved (0.1 mm, right and down), whether it was tested so."""

    computer = models.ForeignKey(Computer, models.PROTECT, verbose_name="电脑", related_name="printers")
    sheet = models.CharField("纸", max_length=10)
    label = models.CharField("打印机", max_length=30, blank=True)
    x = models.IntegerField("横移", default=0)
    y = models.IntegerField("竖移", default=0)
    changed_at = models.DateTimeField("修改时间")
    changed_by = models.ForeignKey(USER, models.PROTECT, verbose_name="修改人", related_name="+")
    fits_at = models.DateTimeField("对上时间", null=True)

    guards = [guards.SameEstate("computer")]

    class Meta:
        verbose_name = verbose_name_plural = "打印机"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["computer", "sheet"], name="one_printer_per_sheet",
                                    violation_error_message="这台电脑的这种纸已有设置，请刷新后再改。"),
            models.CheckConstraint(name="moved_within_reason", violation_error_message=f"最多移 {FURTHEST // 10} 毫米。",
                                   condition=Q(x__gte=-FURTHEST, x__lte=FURTHEST, y__gte=-FURTHEST, y__lte=FURTHEST))]

    def __str__(self):
        return f"{self.computer} {self.sheet_of.name}"

    def get_absolute_url(self):
        return reverse("papers:printers")

    @property
    def sheet_of(self):
        return SHEETS[self.sheet]


class WordingQuerySet(EstateQuerySet):
    def newest(self):
        """Of each text its newest edition."""
        of_the_same = Wording.objects.filter(estate=OuterRef("estate"), key=OuterRef("key")).order_by("-edition")
        return self.annotate(_newest=Subquery(of_the_same.values("edition")[:1])).filter(edition=F("_newest"))

    def in_use(self):
        return self.newest().filter(withdrawn=False)

    def of_kind(self, kind):
        return self.filter(kind=kind)

    def speaking_of(self, words):
        """Whose title, group or text holds each of these words (separated by blanks)."""
        rows = self
        for word in words.split()[:6]:
            rows = rows.filter(Q(title__icontains=word) | Q(group__icontains=word) | Q(text__icontains=word))
        return rows


class Wording(EstateRow):
    """An editable text, one row per edition; the newest counts, an issued paper holds the text itself (ARCHITECTURE 6).

    Phrases of the desk and pages of its handbook are wordings too, with a title and the group they stand in.
    """

    class Kind(models.TextChoices):
        TEXT = "text", "单据文字"
        PHRASE = "phrase", "话术"
        PAGE = "page", "手册"

    kind = models.CharField("类别", max_length=10, choices=Kind, default=Kind.TEXT)
    key = models.CharField("用处", max_length=40)
    edition = models.PositiveIntegerField("版次")
    group = models.CharField("分组", max_length=20, blank=True, default="")
    title = models.CharField("标题", max_length=60, blank=True, default="")
    position = models.PositiveSmallIntegerField("顺序", default=0)
    text = models.TextField("文字", max_length=8000, blank=True)
    note = models.CharField("改了什么", max_length=60, blank=True, default="")
    withdrawn = models.BooleanField("已停用", default=False)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="修改人", related_name="+")
    at = models.DateTimeField("修改时间")

    objects = WordingQuerySet.as_manager()
    guards = [guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "文字"
        constraints = [models.UniqueConstraint(fields=["estate", "key", "edition"], name="one_wording_per_edition",
                                               violation_error_message="文字刚被别人改过，请刷新后再改。")]

    def __str__(self):
        return f"{self.label} 第 {self.edition} 版"

    @property
    def label(self):
        """What people call it: 收据备注, 接起电话第一句."""
        return self.title or (TEXTS[self.key].label if self.key in TEXTS else self.key)

    def get_absolute_url(self):
        return reverse("texts:text", args=[self.pk])

    @classmethod
    def of(cls, estate, key):
        """The text in force; KeyError for a key that no paper has. Looking changes nothing."""
        newest = cls.objects.of(estate).filter(key=key).order_by("-edition").first()
        return newest.text if newest else TEXTS[key].default
