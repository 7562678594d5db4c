"""Pages of personal data: who looked is in looks.py; here requests for one's own, and what a retention run lets go."""
from crispy_forms.layout import Layout, Row
from django import forms
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from households.importing.expiring import expired
from households.models import Person
from households.views.pages import done, form_page, household_of
from servicecentre.kit.fields import TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

from . import data_requests, retention
from .models import DataRequest, PrivacyPolicy, RetentionRun

PER_PAGE = 50


class ReceiveForm(DeskForm):
    """What the applicant asks for, and that their papers were looked at."""

    person = forms.ModelChoiceField(label="申请人（要谁的信息）", queryset=None, empty_label=None,
                                    error_messages={"invalid_choice": "这一户没有这个人", "required": "请选申请人"})
    wants = forms.ChoiceField(label="请求", choices=DataRequest.Wants.choices, initial=DataRequest.Wants.COPY)
    scope = TextField(label="范围", max_length=120, initial="本人在本中心登记的全部个人信息")
    letter = forms.ModelChoiceField(label="谁来办", queryset=None, required=False, empty_label="本人来办",
                                    error_messages={"invalid_choice": "这一户没有这份委托书"})
    id_checked = forms.BooleanField(label="已核对申请人（和代办人）的身份证件原件", required=False)
    field_order = ("person", "wants", "scope", "letter", "id_checked")
    layout = Layout(Row("person", "wants", "letter"), "scope", "id_checked")

    def __init__(self, *args, household, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = Person.objects.of(household.estate_id).of_household(household).order_by("pk")
        self.fields["letter"].queryset = household.letters.filter(revoked_on=None).select_related("principal", "agent").order_by("-pk")
        self.fields["letter"].label_from_instance = lambda letter: f"{letter.agent.name} 凭{letter.principal.name}的委托书（{letter.matter_words}）"


class DecideForm(DeskForm):
    result = forms.ChoiceField(label="决定", choices=DataRequest.Result.choices, widget=forms.RadioSelect, error_messages={"required": "请选一项"})
    reason = TextField(label="理由（不办理、部分办理必填，要告知申请人）", max_length=160, required=False)
    layout = Layout("result", "reason")


class AnswerForm(DeskForm):
    given = TextField(label="办了什么、交了什么", max_length=120)
    layout = Layout("given")


@needs("desk.view_data_requests")
@require_GET
def data_request_list(request):
    """What is open, the first due first; what was answered lately below."""
    rows = DataRequest.objects.of(request.estate).select_related("household__unit", "person", "paper", "received_by", "decided_by")
    page = Paginator(rows.open().due_first(), PER_PAGE).get_page(request.GET.get("page"))
    day = today()
    for row in page:
        row.state = row.state_on(day)
    return render(request, "desk/data_requests.html", {"page": page, "answered": rows.exclude(done_at=None).order_by("-done_at")[:20],
                                                       "days": PrivacyPolicy.of(request.estate).request_days})


@needs("desk.receive_data_request")
def receive_data_request(request, pk):
    household = household_of(request, pk)
    form = ReceiveForm(request.POST or None, household=household)
    if request.method == "POST" and (made := form.perform(data_requests.receive_request, household, by=request.user)):
        return done(request, f"已受理，申请单 {made.paper.number}。", made)
    return form_page(request, form, title="受理个人信息申请", button="受理并开申请单", back=household, wide=True,
                     about=f"{household.unit.code} {household.owner_names}")


@needs("desk.view_data_requests")
@require_GET
def data_request(request, pk):
    row, newest = _request(request, pk), None
    if may(request, "papers.view_paper"):
        newest = (row.copy or row.paper).original_for(request.user, at=now())
    return render(request, "desk/data_request.html", {
        "row": row, "print": newest, "state": row.state_on(today()), "may_paper": may(request, "papers.view_paper"),
        "decide": not row.result and may(request, "desk.decide_data_request") and DecideForm(),
        "answer": row.result and not row.done_at and may(request, "desk.answer_data_request") and _answer_form(row)})


def _request(request, pk):
    rows = DataRequest.objects.of(request.estate).select_related("household__unit", "person", "paper", "copy", "received_by", "decided_by", "done_by")
    return get_object_or_404(rows, pk=pk)


def _answer_form(row, data=None):
    handed = "交给本人副本一份" if row.gives_copy else "已当面告知"
    return AnswerForm(data, initial={"given": handed if not row.agent else f"{handed}（代办人{row.agent}签收）"})


@needs("desk.decide_data_request")
def decide_data_request(request, pk):
    row = _request(request, pk)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.perform(data_requests.decide_request, row, by=request.user):
        return done(request, "决定已记下。", row)
    return form_page(request, form, title="决定个人信息申请", button="记下决定", back=row, about=f"{row.person.name} {row.get_wants_display()}：{row.scope}")


@needs("desk.answer_data_request")
def answer_data_request(request, pk):
    row = _request(request, pk)
    form = _answer_form(row, request.POST or None)
    if request.method == "POST" and form.perform(data_requests.answer_request, row, by=request.user):
        return done(request, "已办结。", row)
    return form_page(request, form, title="答复个人信息申请", button="办结，开副本" if row.gives_copy else "办结", back=row,
                     about=f"{row.person.name} {row.get_wants_display()}：{row.scope}")


# --- retention --------------------------------------------------------------------------------------------------------

class NoFields(DeskForm):
    """A button that is an act."""


@needs("desk.view_retention")
@require_GET
def retention_runs(request):
    """What would go today, household by household, before anybody proposes it; and the last runs."""
    before = retention.ended_before(request.estate)
    due = retention.due(request.estate, before).select_related("unit")
    rows = RetentionRun.objects.of(request.estate).select_related("proposed_by", "signed_by").order_by("-pk")
    return render(request, "desk/retention.html", {
        "before": before, "page": Paginator(due, PER_PAGE).get_page(request.GET.get("page")), "open": rows.open().first(), "runs": rows[:PER_PAGE],
        "years": PrivacyPolicy.of(request.estate).years_after_tenure, "may_household": may(request, "households.view_household"),
        "form": may(request, "desk.propose_retention") and NoFields()})


@needs("desk.propose_retention")
@require_POST
def propose_retention(request):
    form = NoFields(request.POST)
    run = form.perform(retention.propose_retention, request.estate, by=request.user)
    return redirect(run) if run else _refused(request, form, "提出到期清理", reverse("retention"))


@needs("desk.view_retention")
@require_GET
def retention_run(request, pk):
    """One run: each household, what was to go, what went."""
    run = _run(request, pk)
    items = run.items.select_related("household__unit").order_by("pk")
    waits = not run.done_at and not run.withdrawn_at
    lists = expired(request.estate, run.ended_before).count() if waits else 0
    return render(request, "desk/retention_run.html", {
        "run": run, "lists": lists, "page": Paginator(items, PER_PAGE).get_page(request.GET.get("page")),
        "sign": waits and may(request, "desk.sign_retention") and run.proposed_by_id != request.user.pk and NoFields(),
        "withdraw": waits and may(request, "desk.propose_retention") and NoFields(), "may_household": may(request, "households.view_household")})


def _run(request, pk):
    return get_object_or_404(RetentionRun.objects.of(request.estate).select_related("proposed_by", "signed_by", "withdrawn_by"), pk=pk)


@needs("desk.sign_retention")
@require_POST
def sign_retention(request, pk):
    return _step(request, pk, retention.sign_retention, "签字并清理", "已签字，到期的资料已经清理。")


@needs("desk.propose_retention")
@require_POST
def withdraw_retention(request, pk):
    return _step(request, pk, retention.withdraw_retention, "撤回到期清理", "已撤回，什么也没有清理。")


def _step(request, pk, act, title, words):
    run, form = _run(request, pk), NoFields(request.POST)
    if form.perform(act, run, by=request.user):
        return done(request, words, run)
    return _refused(request, form, title, run)


def _refused(request, form, title, back):
    """A button's act said no: its sentence on a page with the same button."""
    return form_page(request, form, title=title, button=title, back=back)
