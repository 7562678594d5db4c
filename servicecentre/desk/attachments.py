"""Files on the roof's pages: a household's scans and photos, those of any other row, an identity paper shown for a reason."""
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from crispy_forms.layout import Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import get_script_prefix, resolve, reverse
from django.views.decorators.http import require_GET

from billing.models import ParkingContract, Waiver
from households.models import AuthorisationLetter, Household, Person, Unit, Vehicle
from households.views.pages import done, form_page, household_of
from servicecentre.files import storing
from servicecentre.files.forms import FilesMixin
from servicecentre.files.models import Damaged, File
from servicecentre.kit import store
from servicecentre.kit.fields import TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.identity import show_plate
from servicecentre.papers.models import Paper
from servicecentre.roles import RIGHTS
from servicecentre.staff.access import may, needs
from servicecentre.worklog.attaching import attach_files, remove_file, reveal_scan
from servicecentre.worklog.models import Entry, Promise

from .models import DataRequest

PER_PAGE = 50
SEES_HOUSEHOLD, SEES_PROMISE = "households.view_household", "worklog.make_promise"
PURPOSE = "办理物业服务登记"
AGAIN = "刚才已经显示过，并记入日志。要再看，请再选一次原因。"


class AttachForm(FilesMixin, DeskForm):
    """Photos and scans for a row of any kind."""

    field_order = ("files",)
    layout = Layout("files")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["files"].required = True

    def act_fields(self):
        return {"files": self.cleaned_data["files"]}


class HouseholdFilesForm(AttachForm):
    """What lies in a household's file; identity papers say whose and what for, which is written across them."""

    KINDS = (("", "照片、单据"), (File.Kind.IDENTITY, "证件"))

    kind = forms.ChoiceField(label="是什么", choices=KINDS, required=False, widget=forms.RadioSelect, initial="")
    person = forms.ModelChoiceField(label="谁的证件", queryset=None, required=False, empty_label="（不是证件）",
                                    error_messages={"invalid_choice": "这一户没有这个人"})
    purpose = TextField(label="证件用途", max_length=30, required=False, initial=PURPOSE)
    field_order = ("kind", "person", "purpose", "files")
    layout = Layout("kind", Row("person", "purpose"), "files")

    def __init__(self, *args, household, **kwargs):
        super().__init__(*args, **kwargs)
        self.household = household
        self.fields["kind"].when, self.fields["person"].when, self.fields["purpose"].when = "不选就是照片、单据", "证件要选", "证件要写"
        self.fields["person"].queryset = Person.objects.of(household.estate_id).of_household(household).order_by("pk")

    def clean_person(self):
        if self.cleaned_data.get("kind") != File.Kind.IDENTITY:
            return None
        if not self.cleaned_data["person"]:
            raise ValidationError("请选是谁的证件")
        return self.cleaned_data["person"]

    def clean_purpose(self):
        purpose = self.cleaned_data["purpose"]
        if self.cleaned_data.get("kind") == File.Kind.IDENTITY and not purpose:
            raise ValidationError("证件要写明用途，会盖在影像上")
        return purpose

    def ready(self, upload):
        if not {"person", "purpose"} <= self.cleaned_data.keys():
            raise ValidationError("请先填好上面，再选文件")
        return storing.read(upload, kind=self.cleaned_data.get("kind", ""), purpose=self.cleaned_data["purpose"],
                            centre=self.household.estate.centre_name)


class WhyForm(DeskForm):
    reason = TextField(label="原因", max_length=60)
    layout = Layout("reason")


def seen_by(request, files):
    """Those of the files that who asks may see."""
    return files.filter(right__in=[right for right in RIGHTS if may(request, right)])


@needs("households.view_household")
@require_GET
def household_files(request, pk):
    """Everything in the household's file, newest first; identity papers by name only."""
    household = household_of(request, pk)
    files = seen_by(request, File.objects.of_household(household).there()).select_related("made_by").newest_first()
    page = Paginator(files, PER_PAGE).get_page(request.GET.get("page"))
    people = Person.objects.of(request.estate).select_related("merged_into").in_bulk([f.row_id for f in page if f.row_type == "households.person"])
    for each in page:
        each.whose = people[each.row_id].remaining if each.row_type == "households.person" and each.row_id in people else None
    return render(request, "desk/files.html", {
        "title": f"资料 {household.unit.code}", "about": household.owner_names, "back": household.get_absolute_url(), "page": page,
        "attach": may(request, "files.attach_file") and reverse("attach_household_files", args=[pk]), **_can(request)})


@needs("files.attach_file")
def attach_household_files(request, pk):
    household = household_of(request, pk)
    form = HouseholdFilesForm(request.POST or None, request.FILES or None, household=household)
    row = request.method == "POST" and form.is_valid() and form.cleaned_data["person"] or household
    if request.method == "POST" and form.perform(attach_files, row, right=SEES_HOUSEHOLD, household=household, by=request.user):
        return done(request, "已存入资料。", reverse("household_files", args=[pk]))
    return _attach_page(request, form, f"添加资料 {household.unit.code}", household.owner_names, reverse("household_files", args=[pk]))


class Holder(NamedTuple):
    """A kind of row that files hang on: the right that sees its page and them, the page's title, what it is, where one came from."""

    model: type
    right: str
    title: str
    about: Callable
    back: Callable
    household_no: Callable = lambda row: row.household.number


# By the first word of the address and of the page's name.
HOLDERS = {
    "promise": Holder(Promise, SEES_PROMISE, "承诺的附件", lambda row: row.words, lambda row: reverse("worklog:promises"), lambda row: row.household_no),
    "paper": Holder(Paper, "papers.view_paper", "单据的附件", lambda row: f"{row.kind_label} {row.number}", Paper.get_absolute_url,
                    lambda row: ""),                       # it stays as long as the paper, whatever becomes of the household's file
    "letter": Holder(AuthorisationLetter, SEES_HOUSEHOLD, "委托书的附件", str, AuthorisationLetter.get_absolute_url),
    "unit": Holder(Unit, "households.view_register", "房屋的附件", lambda row: row.code, Unit.get_absolute_url, lambda row: ""),
    "vehicle": Holder(Vehicle, SEES_HOUSEHOLD, "车辆的附件", lambda row: show_plate(row.plate), lambda row: row.household.get_absolute_url()),
    "parking_contract": Holder(ParkingContract, "billing.view_parking", "车位协议的附件", str, ParkingContract.get_absolute_url),
    "waiver": Holder(Waiver, "billing.view_refunds", "减免的依据", lambda row: str(row.charge), Waiver.get_absolute_url),
    "data_request": Holder(DataRequest, "desk.view_data_requests", "个人信息申请的附件", lambda row: row.paper.number, DataRequest.get_absolute_url)}


def files_of(what):
    """The page that lists the files of one such row."""
    holder = HOLDERS[what]

    @needs(holder.right)
    @require_GET
    def page(request, pk):
        row = get_object_or_404(holder.model.objects.of(request.estate), pk=pk)
        files = seen_by(request, File.objects.of(request.estate).attached_to(row).there()).select_related("made_by").newest_first()
        return render(request, "desk/files.html", {
            "title": holder.title, "about": holder.about(row), "back": holder.back(row),
            "page": Paginator(files, PER_PAGE).get_page(request.GET.get("page")),
            "attach": may(request, "files.attach_file") and reverse(f"attach_{what}_files", args=[pk]), **_can(request)})
    return page


def attach_to(what):
    """The page that adds some."""
    holder = HOLDERS[what]

    @needs("files.attach_file")
    def page(request, pk):
        row = get_object_or_404(holder.model.objects.of(request.estate), pk=pk)
        form = AttachForm(request.POST or None, request.FILES or None)
        where = reverse(f"{what}_files", args=[pk])
        if request.method == "POST" and form.perform(attach_files, row, right=holder.right, household_no=holder.household_no(row), by=request.user):
            return done(request, "已存附件。", where)
        return _attach_page(request, form, "添加附件", holder.about(row), where)
    return page


def _attach_page(request, form, title, about, back):
    return render(request, "desk/attach.html", {"form": form, "title": title, "about": about, "back": back})


def _can(request):
    return {"may_reveal": may(request, "files.reveal_scan"), "may_remove": may(request, "files.remove_file")}


# --- one file ---------------------------------------------------------------------------------------------------------

def _file(request, pk, **which):
    return get_object_or_404(seen_by(request, File.objects.of(request.estate).there().filter(**which)), pk=pk)


def _page_of(request, file):
    """Where the file is listed."""
    if what := next((what for what, holder in HOLDERS.items() if holder.model._meta.label_lower == file.row_type), None):
        return reverse(f"{what}_files", args=[file.row_id])
    household = Household.objects.of(request.estate).live().filter(number=file.household_no).first()
    if household:
        return reverse("household_files", args=[household.pk])
    return reverse("worklog:entry", args=[file.row_id]) if file.row_type == Entry._meta.label_lower else reverse("home")


@needs("files.view_file")
@require_GET
def file_page(request, pk):
    """Where a file is listed, or was before it was removed; the log leads here."""
    file = get_object_or_404(seen_by(request, File.objects.of(request.estate)), pk=pk)
    where = _page_of(request, file)
    opens = may(request, resolve("/" + where.removeprefix(get_script_prefix())).func.needs)
    return redirect(where if opens else "home")


@needs("files.reveal_scan")
def reveal(request, pk):
    """A form for the reason; its answer shows the scan once, in no address and no cache. A repeat shows nothing (TRUST 26)."""
    file = _file(request, pk, kind=File.Kind.IDENTITY)
    form, picture, again = WhyForm(request.POST or None), "", False
    if request.method == "POST" and (shown := form.perform(reveal_scan, file, by=request.user)):
        again = getattr(shown, "is_repeat", False)
        try:
            picture = "" if again else f"data:{file.content_type};base64,{b64encode(file.content()).decode()}"
        except Damaged:
            return render(request, "files/damaged.html", {"file": file}, status=410)
        except store.Silent as silent:
            return render(request, "503.html", {"headline": "文件现在打不开", "reason": silent.sentence}, status=503)
        form = WhyForm() if again else form
    return render(request, "desk/scan.html", {"form": form, "file": file, "picture": picture, "back": _page_of(request, file),
                                              "again": AGAIN if again else ""})


@needs("files.remove_file")
def remove(request, pk):
    file = _file(request, pk)
    form = WhyForm(request.POST or None)
    where = _page_of(request, file)
    if request.method == "POST" and form.perform(remove_file, file, by=request.user):
        return done(request, f"已删去「{file.label}」。", where)
    return form_page(request, form, title=f"删去附件 {file.label}", button="删去，不再保存", back=where, busy="正在删去，请稍等",
                     about="删去后影像不再保存，日志里留下谁、什么时候、为什么")
