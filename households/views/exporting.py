"""Taking the register out as Excel: asked for on a page, noted in the log, then sent; once for each noting."""
from django.contrib import messages
from django.http import FileResponse
from django.shortcuts import render
from django.urls import reverse

from households.exporting import excel_of, log_register_export, register_table
from servicecentre.kit.fields import TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import today
from servicecentre.staff.access import needs

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AGAIN = "刚才已经导出过，并记入日志。要再导一次，请再按一次。"


class ReasonForm(DeskForm):
    reason = TextField(label="为什么导出、交给谁", max_length=60)


@needs("households.export_register")
def export_register(request):
    return export_page(
        request, ReasonForm, log_register_export, lambda form: [register_table(request.estate)],
        name=lambda form: f"登记表 {request.estate.slug} {today()}.xlsx", title="导出登记表", back=reverse("households:units"),
        about="每套房一行：业主、电话、联系人、车牌、面积、交付日期；证件号码遮住。导出列入「查看记录」和当天要看的例外，请只交给该看的人。")


def export_page(request, form_of, log, tables, *, name, **context):
    """The page that asks, and the file it leads to. A repeat of the same asking sends nothing: each sending has its own entry (TRUST 26)."""
    form = form_of(request.POST) if request.method == "POST" else form_of(None)
    if request.method == "POST" and (logged := form.perform(log, request.estate, by=request.user)):
        if not getattr(logged, "is_repeat", False):
            return send(tables(form), name(form))
        messages.warning(request, AGAIN)
        form = form_of(None)
    return render(request, "households/export.html", context | {"form": form})


def send(tables, name):
    return FileResponse(excel_of(tables), as_attachment=True, filename=name, content_type=XLSX)
