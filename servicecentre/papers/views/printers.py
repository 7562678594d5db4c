"""打印设置: which computer this is, what its printers are called, how far they are off the mark; the test page."""
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from servicecentre.kit.pdf import Busy
from servicecentre.papers import computers, testpage
from servicecentre.papers.forms import AddComputerForm, ComputerForm, FitForm
from servicecentre.papers.models import Computer, Printer
from servicecentre.staff.access import may, needs


@needs("papers.view_printers")
@require_GET
def printers(request):
    return _page(request)


def _page(request, form=None, add_form=None):
    computer = computers.computer_of(request)
    form = form or (ComputerForm(computer=computer) if computer else None)
    return render(request, "papers/printers.html", {
        "computer": computer, "form": form, "rows": form.rows if form else [], "add_form": add_form or AddComputerForm(),
        "others": Computer.objects.of(request.estate).exclude(pk=computer.pk if computer else None).order_by("name"),
        "fit_form": FitForm(initial={"version": computer.version}) if computer else None, "may_set": may(request, "papers.set_computer")})


@needs("papers.add_computer")
@require_POST
def add_computer(request):
    """A new computer; this browser is it from now on."""
    form = AddComputerForm(request.POST)
    if computer := form.perform(computers.add_computer, request.estate, by=request.user):
        messages.success(request, f"这台电脑叫「{computer}」。打一张测试页，看对没对上。")
        return computers.remember(redirect(computer), request, computer)
    return _page(request, add_form=form)


@needs("papers.view_printers")
@require_POST
def choose_computer(request, pk):
    """This browser is that computer; nothing but its own cookie changes."""
    computer = get_object_or_404(Computer.objects.of(request.estate), pk=pk)
    return computers.remember(redirect(computer), request, computer)


@needs("papers.set_computer")
@require_POST
def set_computer(request, pk):
    computer = get_object_or_404(Computer.objects.of(request.estate), pk=pk)
    form = ComputerForm(request.POST, computer=computer)
    if form.perform(computers.set_computer, computer, by=request.user):
        messages.success(request, "已保存。改过横移竖移的纸，打一张测试页。")
        return redirect(computer)
    return _page(request, form=form)


@needs("papers.confirm_fit")
@require_POST
def confirm_fit(request, pk):
    printer = get_object_or_404(Printer.objects.of(request.estate).select_related("computer"), pk=pk)
    form = FitForm(request.POST)
    if form.perform(computers.confirm_fit, printer, by=request.user):
        messages.success(request, f"{printer.sheet_of.name}对上了。")
    else:
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
    return redirect(reverse("papers:printers"))


@needs("papers.view_printers")
@csp_replace({"frame-ancestors": [SELF]})                        # our own page prints it from a frame
@xframe_options_sameorigin
@require_GET
def test_page(request, pk):
    """The PDF of a printer's test page: no number, printed as often as one likes."""
    printer = get_object_or_404(Printer.objects.of(request.estate).select_related("computer"), pk=pk)
    try:
        pdf = testpage.render_test(printer, by=request.user)
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打，这张还没打出来。"}, status=503)
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="test-{printer.sheet}.pdf"'})
