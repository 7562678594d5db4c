"""The day's book: what was done (Entry), what was promised (Promise), which request was served (Done).

What a manager's review adds, and the seals, stand in reviews.py; both are this app's models.
"""
from datetime import timedelta
from functools import reduce
from operator import or_

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q

from servicecentre.estates.models import Mark, Policy, Setting
from servicecentre.kit import guards
from servicecentre.kit.periods import business_day, now, shown_moment
from servicecentre.kit.rows import EstateQuerySet, EstateRow, OfHouseholdNo
from servicecentre.kit.secrets import seal, seal_holds
from servicecentre.kit.text import ways_to_write

USER = settings.AUTH_USER_MODEL
SOON = timedelta(hours=2)


# Acts that a manager looks at each day, by the first word of their name: colour, icon, what they are called.
EXCEPTIONS = {"void": ("bad", "bad", "作废"), "undo": ("bad", "bad", "撤销"), "mend": ("warn", "warn", "更正"),
              "waive": ("warn", "warn", "减免"), "reveal": ("idle", "flag", "看号码")}
# And these, by their whole name: what sets rules and rights, hands a home over, takes lists out or in, prints by the hundred.
WATCHED = {"desk.change_setting": ("warn", "warn", "规矩"), **dict.fromkeys(
    ("desk.give_post", "desk.end_post", "desk.arrange_cover", "desk.reset_password", "desk.reset_second_factor", "desk.deactivate_user"),
    ("warn", "warn", "权限")),
    "households.change_owner": ("idle", "flag", "过户"), "desk.sign_retention": ("warn", "warn", "清理"),
    "households.log_register_export": ("warn", "warn", "导出"), "billing.log_charges_export": ("warn", "warn", "导出"),
    **dict.fromkeys(("billing.log_statement_export", "billing.log_money_export"), ("warn", "warn", "导出")),
    "billing.log_deposits_export": ("warn", "warn", "导出"),
    "billing.withdraw_deposit_return": ("idle", "flag", "撤回"), "billing.bounce_deposit_return": ("warn", "warn", "退回"),
    "importing.import_register": ("idle", "flag", "导入"), "billing.import_arrears": ("idle", "flag", "导入"),
    "billing.import_parking": ("idle", "flag", "导入"),
    "papers.print_batch": ("idle", "flag", "批量打印"),
    **dict.fromkeys(("billing.top_up_petty_cash", "billing.count_petty_cash", "billing.reverse_petty_cash"), ("warn", "warn", "备用金")),
    "billing.bounce_refund": ("warn", "warn", "退款退回"), "billing.charge_once": ("idle", "flag", "手工收费"),
    **dict.fromkeys(("billing.leave_by_hand", "billing.leave_without_entry"), ("warn", "warn", "手工收费")),
    "billing.log_visits_export": ("warn", "warn", "导出"), "billing.approve_rebill": ("warn", "warn", "更正")}
LATE = "late"                             # beside the doubts that an act accepted: a promise kept after its time


REMARKS = ("worklog.make_remark", "worklog.correct_remark")


class DayPolicy(Policy):
    """How a day is reviewed and sealed."""

    own_to_another = models.BooleanField("主管自己办的例外", default=True)

    title = "工作日志"
    settings = (Setting("own_to_another", Mark.PRACTICE, "作废、越权这些例外，小区有两位主管时", yes_no=("自己也能看过、封存", "由另一位看过、封存"),
                        administrator=True),)

    class Meta:
        verbose_name = verbose_name_plural = "工作日志规矩"


class EntryQuerySet(EstateQuerySet):
    def on(self, day):
        """Entries of one business day (Asia/Shanghai)."""
        return self.filter(day=day)

    def exceptions(self):
        """What a review shows first: voids, undone and revealed things, warnings that were passed, late promises."""
        return self.filter(~Q(doubts="") | Q(act__in=WATCHED) | reduce(or_, (Q(act__contains=f".{verb}_") for verb in EXCEPTIONS)))

    def of_household(self, household):
        return self.filter(estate=household.estate_id, household_no=household.number)

    def of_area(self, area):
        """Of one part of the house, or its exceptions, or the remarks by hand; all for an empty word."""
        if area == "exceptions":
            return self.exceptions()
        if area == "remarks":
            return self.filter(act__in=REMARKS)
        return self.filter(act__startswith=f"{area}.") if area else self

    def of_room(self, code):
        """Of the unit, whichever way its list writes zeros: 3-2-101 finds what stands under 3-2-0101."""
        codes = ways_to_write(code)
        return self.filter(reduce(or_, (Q(household_no__startswith=f"{each}-") for each in codes), Q(unit_code__in=codes)))

    def telling(self, words):
        """Whose sentence has every one of these words, apart by blanks. Plain LIKE: 200,000 lines take 0.1 s of SQLite's time; take a page, do not count."""
        return reduce(lambda rows, word: rows.filter(words__icontains=word), words.split(), self)

    def for_reading(self):
        """With what a list shows beside the sentence: who, what it sets right and what set it right."""
        return self.select_related("by", "corrects__by").prefetch_related(Prefetch("corrections", Entry.objects.select_related("by")))

    def newest_first(self):
        return self.order_by("-pk")

    def latest_moment(self):
        """When the last of these was written, by its own time; None without any."""
        return self.order_by("-day", "-at").values_list("at", flat=True).first()


class Entry(OfHouseholdNo, EstateRow):
    """One line of 客户服务中心工作日志, written by an act and never changed (FORMS 6.9, DOMAIN §9.13).

    It keeps the household's number and the row's name without a foreign key: a log outlives what it tells.
    """

    at = models.DateTimeField("时间")
    day = models.DateField("日期")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    act = models.CharField("事项", max_length=60)
    words = models.CharField("内容", max_length=400)
    household_no = models.CharField("户号", max_length=40, blank=True)
    row_type = models.CharField("关联类别", max_length=40, blank=True)
    row_id = models.BigIntegerField("关联记录", null=True)
    urgent = models.BooleanField("紧急", default=False)
    unit_code = models.CharField("房号", max_length=20, blank=True, default="")                  # where no household is meant
    corrects = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="更正哪一条", related_name="corrections")
    doubts = models.CharField("知晓后办理", max_length=200, blank=True, default="")              # names of the warnings that were passed
    mark = models.CharField("校验", max_length=64)

    objects = EntryQuerySet.as_manager()
    guards = [guards.AppendOnly(), guards.SameEstate("corrects"), guards.Sealed("worklog_seal")]

    class Meta:
        verbose_name = verbose_name_plural = "工作日志"
        indexes = [models.Index(fields=["estate", "day", "id"], name="entry_by_day"),
                   models.Index(fields=["estate", "household_no", "id"], name="entry_by_household")]

    def __str__(self):
        return self.words

    def _written(self):
        """What the digest stands for; columns of a later day count only where they are filled, so that older marks hold."""
        later = (("unit", self.unit_code), ("corrects", self.corrects_id), ("doubts", self.doubts))
        return (self.estate_id, self.at, self.day, self.by_id, self.act, self.words, self.household_no, self.row_type, self.row_id,
                self.urgent, *[list(pair) for pair in later if pair[1]])

    @property
    def room(self):
        """The room of the household's number: 3-2-1801 of 3-2-1801-02; else the unit's."""
        return super().room or self.unit_code

    @property
    def is_remark(self):
        return self.act in REMARKS

    @property
    def passed(self):
        """Names of the warnings that were passed."""
        return [name for name in self.doubts.split(",") if name]

    @property
    def exception(self):
        """(colour, icon, word) of what a manager looks at; None for an ordinary line."""
        own = WATCHED.get(self.act) or EXCEPTIONS.get(self.act.rpartition(".")[2].split("_")[0])
        if self.doubts:
            return ("warn", "clock", "迟办") if LATE in self.passed else own or ("warn", "warn", "越权")
        return own

    @property
    def intact(self):
        """Is this what was written? A keyed digest answers, also for changes behind the program's back."""
        return seal_holds(self.mark, *self._written())

    @property
    def row(self):
        """What the entry speaks of, if it is still there."""
        if not self.row_type:
            return None
        return apps.get_model(self.row_type)._default_manager.filter(pk=self.row_id).first()

    @classmethod
    def write(cls, **fields):
        entry = cls(day=business_day(fields["at"]), **fields)
        entry.mark = seal(*entry._written())
        entry.save(force_insert=True)
        return entry


class Done(models.Model):
    """A request that was served: its one-time key and what it made (ARCHITECTURE 12, TRUST 2 and 3)."""

    request_key = models.CharField("请求键", max_length=64)
    user = models.ForeignKey(USER, models.PROTECT, related_name="+")
    estate = models.ForeignKey("estates.Estate", models.PROTECT, null=True, related_name="+")
    act = models.CharField("事项", max_length=60)
    digest = models.CharField("内容摘要", max_length=64)
    result_type = models.CharField("结果类别", max_length=40, blank=True)
    result_id = models.BigIntegerField("结果", null=True)
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "已办请求"
        constraints = [models.UniqueConstraint(fields=["request_key"], name="one_act_per_request_key",
                                               violation_error_message="这一笔已经办过。")]

    @property
    def result(self):
        """The row that the first call made, marked as a repeat; None when it made none."""
        if not self.result_type:
            return None
        row = apps.get_model(self.result_type)._base_manager.get(pk=self.result_id)
        row.is_repeat = True
        return row


class PromiseQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(kept_at=None)

    def due_first(self):
        return self.order_by("due_at", "pk")

    def overdue(self, *, at):
        return self.open().filter(due_at__lt=at)


class Promise(OfHouseholdNo, EstateRow):
    """A time that the desk agreed with somebody; it stays open until kept (DOMAIN §6: agree a time to reply, keep it)."""

    household_no = models.CharField("户号", max_length=40, blank=True)
    to_whom = models.CharField("答应了谁", max_length=60)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    words = models.CharField("答应了什么", max_length=200)
    due_at = models.DateTimeField("约定时间")
    made_at = models.DateTimeField("登记时间")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="登记人", related_name="+")
    given_to = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="交给", related_name="+")    # a task of the review
    moved = models.PositiveSmallIntegerField("改期次数", default=0)
    kept_at = models.DateTimeField("办结时间", null=True)
    kept_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="办结人", related_name="+")
    outcome = models.CharField("结果", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    objects = PromiseQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.Frozen("to_whom", "words", "made_at", "made_by", "given_to", once=("kept_at", "kept_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "承诺"
        constraints = [models.CheckConstraint(name="promise_kept_by_someone", violation_error_message="办结的承诺要有办结人。",
                                              condition=Q(kept_at=None, kept_by=None) | Q(kept_at__isnull=False, kept_by__isnull=False))]
        indexes = [models.Index(fields=["estate", "due_at"], condition=Q(kept_at=None), name="open_promise_by_due"),
                   models.Index(F("estate"), F("household_no"), name="promise_by_household")]

    def __str__(self):
        return f"{self.to_whom}：{self.words}"

    @property
    def was_late(self):
        return self.kept_at is not None and self.kept_at > self.due_at

    @property
    def state(self):
        """How its clock stands, ready for a status mark: kind, icon, word, strong, title (README «Time»)."""
        left = self.due_at - now()
        title = shown_moment(self.due_at, now())
        if left <= timedelta(0):
            return {"kind": "bad", "icon": "warn", "word": f"逾期 {spell(-left)}", "strong": True, "title": title}
        soon = left < SOON
        return {"kind": "warn" if soon else "idle", "icon": "clock", "word": f"{title} 前", "strong": False, "title": title}


def spell(span):
    """A length of time for people: 42 分, 3 小时, 2 天."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} 分"
    return f"{minutes // 60} 小时" if minutes < 48 * 60 else f"{minutes // 1440} 天"


from .reviews import Review, Seal  # noqa: E402, F401  (Django looks for models here)
