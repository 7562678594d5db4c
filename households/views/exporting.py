"""Taking the register out as Excel: asked for on a page, noted in the log, then sent."""
from django.http import FileResponse
from django.shortcuts import render
from django.urls import reverse

from households.exporting import excel_of, log_register_export, register_table
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import today
from servicecentre.staff.access import needs

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("households.export_register")
def export_register(request):
    form = DeskForm(request.POST) if request.method == "POST" else DeskForm()
    if request.method == "POST" and form.perform(log_register_export, request.estate, by=request.user):
        return send([register_table(request.estate)], f"登记表 {request.estate.slug} {today()}.xlsx")
    return render(request, "households/export.html", {
        "form": form, "title": "导出登记表", "back": reverse("households:units"),
        "about": "每套房一行：业主、电话、联系人、车牌、面积、交付日期；证件号码遮住。导出会记入工作日志，请只交给该看的人。"})


def send(tables, name):
    return FileResponse(excel_of(tables), as_attachment=True, filename=name, content_type=XLSX)
