"""The manager's review: exceptions first, comments that become tasks, what was due, the rest by kind; then the seal."""
from datetime import timedelta

from crispy_forms.layout import Layout, Row
from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs
from servicecentre.worklog import seals
from servicecentre.worklog.forms import DueField
from servicecentre.worklog.models import Entry, Seal
from servicecentre.worklog.review import comment_entry, others_may, see_entries, unseen_before, who_may_keep
from servicecentre.worklog.views import opens

from .daylog import groups_of, money_of, promises_of
from .log import day_asked
from .sealing import seal_day, troubles_on

DOUBTS = {                                # what was passed: a warning's name in the clerk's words
    "new_building": "新建楼栋", "past_month": "改以前的月份", "special_plate": "特种车牌", "left_over": "多收转预存",
    "same_again": "同额再收", "reference_again": "流水号重复", "arrears": "有欠费", "like_notice": "已贴了同类通知", "in_use": "空置有人用",
    "other_phone": "电话和登记的不同", "shares": "份额超过 100%", "far_day": "日期还远", "same_plate": "车牌在别的户",
    "grown_up": "子女已满 14 岁", "consent_back": "监护人撤回同意", "doubled": "合并时两条说法不同",
    "big_change": "单价涨跌过半", "marked": "改已登记的日子", "same_person": "用别处的账号", "stops_billing": "停用出账的项目",
    "to_correct": "账单没更正先收", "parked_elsewhere": "车已有车位", "past_end": "退以前的日子",
    "again": "一次性收费再收", "not_called": "委托书没核实先用", "early": "没到日子退押金"}


class SeeForm(DeskForm):
    day = DayField(widget=forms.HiddenInput)
    entries = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args, choices=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["entries"].choices = [(str(pk), pk) for pk in choices]


class SealForm(DeskForm):
    day = DayField(widget=forms.HiddenInput)
    words = TextField(label="意见", max_length=300, required=False)


class CommentForm(DeskForm):
    words = TextField(label="批注", max_length=120)
    given_to = forms.ModelChoiceField(label="交给", queryset=None, required=False, empty_label="不交办")
    due_at = DueField(label="期限", required=False)
    layout = Layout("words", Row("given_to", "due_at"))

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["given_to"].queryset = who_may_keep(estate)


@needs("worklog.see_entries")
@require_GET
def review(request):
    """The day to review: the one asked for, else the first that is not sealed, else yesterday."""
    on = day_asked(request) if request.GET.get("on") else seals.next_day(request.estate) or today() - timedelta(days=1)
    return _page(request, on)


@needs("worklog.see_entries")
@require_POST
def see(request):
    on = day_asked(request)
    form = SeeForm(request.POST, choices=Entry.objects.of(request.estate).on(on).values_list("pk", flat=True))
    if form.perform(see_entries, request.estate, by=request.user):
        messages.success(request, f"已记下：看过 {len(form.cleaned_data['entries'])} 条。")
        return redirect(_address(on))
    return _page(request, on, see=form)


@needs("worklog.comment_entry")
@require_http_methods(["GET", "HEAD", "POST"])
def comment(request, pk):
    """A comment on one line, perhaps somebody's task."""
    entry = get_object_or_404(Entry.objects.of(request.estate).select_related("by", "estate"), pk=pk)
    form = CommentForm(request.POST or None, estate=request.estate)
    if request.method == "POST" and form.perform(comment_entry, entry, by=request.user):
        messages.success(request, "已记下批注。")
        return redirect(_address(entry.day))
    return render(request, "worklog/comment.html", {"form": form, "entry": entry, "back": _address(entry.day)})


@needs("desk.seal_day")
@require_POST
def seal(request):
    on = day_asked(request)
    form = SealForm(request.POST)
    if done := form.perform(seal_day, request.estate, by=request.user):
        messages.success(request, f"已封存 {done.day:%m-%d}，{done.entries} 条，封存码 {done.code}。")
        return redirect(_address(done.day))
    return _page(request, on, close=form)


def _address(on):
    return f"{reverse('worklog:review')}?on={on:%Y-%m-%d}"


def _page(request, on, see=None, close=None):
    estate = request.estate
    entries = list(Entry.objects.of(estate).on(on).select_related("by").prefetch_related("reviews__by", "reviews__task__given_to").order_by("pk"))
    exceptions = [entry for entry in entries if entry.exception]
    seal, last = Seal.objects.of(estate).filter(day__gte=on).select_related("by").order_by("day").first(), seals.newest(estate)
    shared = others_may(estate, request.user)
    for entry in exceptions:
        entry.seen, entry.leads = list(entry.reviews.all()), opens(request, entry)
        entry.mine = shared and entry.by_id == request.user.pk
        entry.passed_words = "、".join(DOUBTS.get(name, "提醒后继续") for name in entry.passed if name != "late")
    left = sum(not entry.seen for entry in exceptions)
    earlier = {} if seal or last else unseen_before(estate, on)          # with a seal behind it, a day is sealed by itself
    return render(request, "worklog/review.html", {
        "on": on, "before": on - timedelta(days=1), "after": on + timedelta(days=1), "is_today": on >= today(),
        "people": "、".join(dict.fromkeys(entry.by.name for entry in entries)), "count": len(entries),
        "exceptions": exceptions, "left": left, "earlier": earlier,
        "to_see": any(not entry.seen and not entry.mine for entry in exceptions), "seen": len(exceptions) - left,
        "groups": groups_of(entry for entry in entries if not entry.exception), "rest": len(entries) - len(exceptions),
        "money": money_of(estate, on), "promises": promises_of(estate, on), "seal": seal, "last": last,
        "troubles": troubles_on(estate, on, seal), "next": None if seal else seals.next_day(estate),
        "own": sum(entry.by_id == request.user.pk for entry in exceptions) if shared else 0,
        "see": see or SeeForm(initial={"day": on}), "close": close or SealForm(initial={"day": on}),
        "may_seal": may(request, "desk.seal_day")})
