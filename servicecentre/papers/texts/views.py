"""Pages of texts: phrases and handbook for the desk; paper texts, editions and their authors for who may change them."""
import difflib
import re

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from servicecentre.kit.pdf import Busy
from servicecentre.staff.access import may, needs

from .. import wordings
from ..kinds import NAMES, OF_ESTATE, TEXTS
from ..models import Wording
from .forms import Find, NewTextForm, TitledForm, WordingForm
from .samples import preview

Kind = Wording.Kind
MOST = 300                                # rows that a list shows


@needs("papers.view_phrases")
@require_GET
def phrases(request):
    """Standard phrases by situation; a search looks through the handbook too."""
    sought = _sought(request)
    rows = Wording.objects.of(request.estate).in_use().speaking_of(sought).order_by("position", "pk")
    return render(request, "papers/texts/phrases.html", _tabs(request, "phrases") | {
        "q": sought, "groups": _grouped(_spoken(request.estate, rows.of_kind(Kind.PHRASE)[:MOST])),
        "pages": list(rows.of_kind(Kind.PAGE)[:20]) if sought else []})


@needs("papers.view_phrases")
@require_GET
def handbook(request):
    """The handbook's pages by group."""
    sought = _sought(request)
    rows = Wording.objects.of(request.estate).in_use().of_kind(Kind.PAGE).speaking_of(sought).order_by("position", "pk")
    return render(request, "papers/texts/handbook.html", _tabs(request, "handbook") | {"q": sought, "groups": _grouped(rows[:MOST])})


@needs("papers.view_phrases")
@require_GET
def handbook_page(request, pk):
    """One page as it stands now, whichever edition the address names."""
    row = _newest(request, pk, Kind.PAGE)
    others = Wording.objects.of(request.estate).in_use().of_kind(Kind.PAGE).order_by("position", "pk")
    return render(request, "papers/texts/page.html", _tabs(request, "handbook") | {
        "row": row, "blocks": blocks(wordings.put_in(row.text, wordings.of_estate(request.estate))), "groups": _grouped(others[:MOST])})


@needs("papers.reword")
def paper_text(request):
    """One text of a paper: what stands there, its names, how it comes out, its editions; saving makes the next edition."""
    key = request.GET.get("key")
    key = key if key in TEXTS else next(iter(TEXTS))
    editions = _editions(request, key)
    newest = editions[0] if editions else None
    text = newest.text if newest else TEXTS[key].default
    form = WordingForm(request.POST or None, initial={"text": text, "edition": newest.edition if newest else 0})
    if request.method == "POST" and (saved := form.perform(wordings.reword, request.estate, key, by=request.user)):
        messages.success(request, f"「{saved.label}」存为第 {saved.edition} 版，从现在起新开的单据印这一版，已开的不变。")
        return redirect(f"{reverse('texts:paper_text')}?key={key}")
    values = wordings.sample(request.estate)
    return render(request, "papers/texts/paper_text.html", _tabs(request, "paper_text") | {
        "form": form, "key": key, "what": TEXTS[key], "texts": TEXTS.items(), "newest": newest, "editions": editions,
        "next_edition": (newest.edition if newest else 0) + 1, "pieces": wordings.pieces(text, values),
        "names": [(name, NAMES[name][0], values[name]) for name in TEXTS[key].names]}, status=409 if _stale(form, newest) else 200)


@needs("papers.reword", reads=True)
@csp_replace({"frame-ancestors": [SELF]})
@xframe_options_sameorigin
@require_POST
def preview_text(request):
    """The paper as it would come out with what stands in the form, as PDF with a sample's data; saves nothing."""
    key = request.GET.get("key")
    key = key if key in TEXTS else next(iter(TEXTS))
    text = request.POST.get("text", "")[:wordings.LONGEST[Kind.TEXT]]
    try:
        pdf = preview(request.estate, key, " ".join(text.split()), kind=TEXTS[key].kind, by=request.user)
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打，预览还没出来。"}, status=503)
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="preview.pdf"'})


@needs("papers.reword")
def write_phrase(request):
    return _write(request, Kind.PHRASE)


@needs("papers.reword")
def write_page(request):
    return _write(request, Kind.PAGE)


def _write(request, kind):
    form = NewTextForm(request.POST or None, kind=kind)
    if request.method == "POST" and (row := form.perform(wordings.write_text, request.estate, kind, by=request.user)):
        messages.success(request, f"已新写{row.get_kind_display()}「{row.title}」。")
        return redirect(_place(row))
    return render(request, "papers/texts/write.html", _tabs(request, "phrases" if kind == Kind.PHRASE else "handbook") | {
        "form": form, "verb": f"新写{kind.label}", "button": "存好", "row": None, "names": _estate_names(request.estate),
        "is_page": kind == Kind.PAGE, "back": reverse("texts:phrases" if kind == Kind.PHRASE else "texts:handbook")})


@needs("papers.reword")
def change_text(request, pk):
    """A new edition of a phrase or of a page of the handbook."""
    row = _newest(request, pk, Kind.PHRASE, Kind.PAGE)
    form = TitledForm(request.POST or None, kind=row.kind, initial={
        "text": row.text, "title": row.title, "group": row.group, "edition": row.edition})
    if request.method == "POST" and (saved := form.perform(wordings.reword, request.estate, row.key, by=request.user)):
        messages.success(request, f"「{saved.title}」存为第 {saved.edition} 版。")
        return redirect(_place(saved))
    return render(request, "papers/texts/write.html", _tabs(request, "phrases" if row.kind == Kind.PHRASE else "handbook") | {
        "form": form, "verb": f"改{row.get_kind_display()}", "button": f"存为第 {row.edition + 1} 版", "row": row,
        "names": _estate_names(request.estate), "is_page": row.kind == Kind.PAGE, "back": _place(row)}, status=409 if _stale(form, row) else 200)


@needs("papers.withdraw_text")
@require_POST
def withdraw_text(request, pk):
    """Of the edition that the page showed; the act refuses where there is a newer one."""
    row = get_object_or_404(Wording.objects.of(request.estate).filter(kind__in=(Kind.PHRASE, Kind.PAGE)).select_related("by"), pk=pk)
    form = WordingForm(request.POST)
    form.fields = {name: form.fields[name] for name in ("request_key", "despite")}
    if form.perform(wordings.withdraw_text, row, by=request.user):
        messages.success(request, f"已停用「{row.title}」。要再用，打开它的版本，改好存一版。")
        return redirect("texts:phrases" if row.kind == Kind.PHRASE else "texts:handbook")
    return _text_page(request, row, form)


@needs("papers.view_editions")
@require_GET
def text(request, pk):
    """One edition, beside the one before it: what was put in, what went, who did it."""
    return _text_page(request, get_object_or_404(Wording.objects.of(request.estate).select_related("by"), pk=pk))


def _text_page(request, row, form=None):
    editions = _editions(request, row.key)
    before = next((each for each in editions if each.edition == row.edition - 1), None)
    return render(request, "papers/texts/text.html", _tabs(request, _tab_of(row)) | {
        "row": row, "before": before, "editions": editions, "newest": editions[0], "form": form or WordingForm(),
        "differences": differences(before.text if before else "", row.text), "place": _place(row),
        "delivered": wordings.as_delivered(row), "may_change": may(request, "papers.reword")})


# --- what the pages are made of ---------------------------------------------------------------------------------------

def _sought(request):
    form = Find(request.GET)
    return form.cleaned_data.get("q", "").strip() if form.is_valid() else ""


def _tabs(request, here):
    return {"tab": here, "may_reword": may(request, "papers.reword")}


def _tab_of(row):
    return {Kind.PHRASE: "phrases", Kind.PAGE: "handbook"}.get(row.kind, "paper_text")


def _spoken(estate, rows):
    """Rows with ``said``: the phrase as it is spoken at this estate."""
    values = wordings.of_estate(estate)
    rows = list(rows)
    for row in rows:
        row.said = wordings.put_in(row.text, values)
    return rows


def _grouped(rows):
    """[(group, rows)], groups in the order of their first row."""
    groups = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.items())


def _newest(request, pk, *kinds):
    """The newest edition of the text of which ``pk`` is one."""
    row = get_object_or_404(Wording.objects.of(request.estate).filter(kind__in=kinds), pk=pk)
    return Wording.objects.of(request.estate).filter(key=row.key).order_by("-edition").first()


def _editions(request, key):
    return list(Wording.objects.of(request.estate).filter(key=key).select_related("by").order_by("-edition")[:100])


def _stale(form, newest):
    """Was another edition put in force since the page was shown?"""
    return form.is_bound and form.cleaned_data.get("edition") not in (None, newest.edition if newest else 0)


def _place(row):
    """Where the text is read."""
    if row.kind == Kind.PAGE:
        return reverse("texts:handbook_page", args=[row.pk])
    return reverse("texts:phrases") if row.kind == Kind.PHRASE else f"{reverse('texts:paper_text')}?key={row.key}"


def _estate_names(estate):
    values = wordings.of_estate(estate)
    return [(name, NAMES[name][0], values[name]) for name in OF_ESTATE]


def blocks(text):
    """[{kind: h, ul, ol or p, lines}] of a handbook's page: `## heading`, `- item`, `1. item`, else paragraphs; plain text, no markup."""
    found = []
    for line in text.split("\n"):
        line = line.strip()
        kind, words = "p", line
        for each, sign in (("h", r"#{1,3}\s+"), ("ul", r"[-*•]\s+"), ("ol", r"[0-9]{1,2}[.、]\s*")):
            if match := re.match(sign, line):
                kind, words = each, line[match.end():]
                break
        if not line:
            found.append({"kind": "", "lines": []})
        elif found and found[-1]["kind"] == kind and kind != "h":
            found[-1]["lines"].append(words)
        else:
            found.append({"kind": kind, "lines": [words]})
    return [block for block in found if block["lines"]]


def differences(before, after):
    """[(words, "same", "new" or "gone")] from one text to the next, line by line and within a changed line by characters."""
    found = []
    a, b = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        gone, new = "".join(a[a1:a2]), "".join(b[b1:b2])
        if tag == "equal":
            found.append((new, "same"))
        elif tag == "replace" and len(gone) < 1000 and len(new) < 1000:
            for what, c1, c2, d1, d2 in difflib.SequenceMatcher(None, gone, new, autojunk=False).get_opcodes():
                found += [(new[d1:d2], "same")] if what == "equal" else [(gone[c1:c2], "gone"), (new[d1:d2], "new")]
        else:
            found += [(gone, "gone"), (new, "new")]
    return [(words, how) for words, how in found if words]
