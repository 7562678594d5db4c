"""Departments, and contractors with their responsible persons."""
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from households.views.pages import done, form_page
from servicecentre.desk import partners
from servicecentre.desk.forms.office import (
    ChangeContractorForm,
    ChangeContractorPersonForm,
    ChangeDepartmentForm,
    ContractorForm,
    ContractorPersonForm,
    DepartmentForm,
    initial,
)
from servicecentre.estates.models import Contractor, ContractorPerson, Department
from servicecentre.staff.access import may, needs


@needs("desk.view_departments")
def show_departments(request):
    return render(request, "desk/office/departments.html", {"departments": Department.objects.of(request.estate),
                                                            "may_change": may(request, "desk.change_departments")})


@needs("desk.change_departments")
def add_department(request):
    form = DepartmentForm(request.POST or None)
    if request.method == "POST" and (row := form.perform(partners.add_department, request.estate, by=request.user)):
        return done(request, f"已登记 {row}。", reverse("departments"))
    return form_page(request, form, title="登记部门", button="登记部门", back=reverse("departments"))


@needs("desk.change_departments")
def change_department(request, pk):
    row = get_object_or_404(Department.objects.of(request.estate), pk=pk)
    form = ChangeDepartmentForm(request.POST or None, initial=initial(row, ChangeDepartmentForm))
    if request.method == "POST" and form.perform(partners.change_department, row, by=request.user):
        return done(request, f"已修改 {row}。", reverse("departments"))
    return form_page(request, form, title=f"修改 {row}", button="保存", busy="正在保存，请稍等", back=reverse("departments"))


@needs("desk.view_contractors")
def show_contractors(request):
    people = Prefetch("people", ContractorPerson.objects.of(request.estate).order_by("-active", "pk"))
    return render(request, "desk/office/contractors.html", {"contractors": Contractor.objects.of(request.estate).prefetch_related(people),
                                                            "may_change": may(request, "desk.change_contractors")})


@needs("desk.change_contractors")
def add_contractor(request):
    form = ContractorForm(request.POST or None)
    if request.method == "POST" and (row := form.perform(partners.add_contractor, request.estate, by=request.user)):
        return done(request, f"已登记 {row}。", reverse("contractors"))
    return form_page(request, form, title="登记施工单位", button="登记施工单位", back=reverse("contractors"))


@needs("desk.change_contractors")
def change_contractor(request, pk):
    row = get_object_or_404(Contractor.objects.of(request.estate), pk=pk)
    form = ChangeContractorForm(request.POST or None, initial=initial(row, ChangeContractorForm))
    if request.method == "POST" and form.perform(partners.change_contractor, row, by=request.user):
        return done(request, f"已修改 {row}。", reverse("contractors"))
    return form_page(request, form, title=f"修改 {row}", button="保存", busy="正在保存，请稍等", back=reverse("contractors"))


@needs("desk.change_contractors")
def add_contractor_person(request, pk):
    row = get_object_or_404(Contractor.objects.of(request.estate), pk=pk)
    form = ContractorPersonForm(request.POST or None)
    if request.method == "POST" and (person := form.perform(partners.add_contractor_person, row, by=request.user)):
        return done(request, f"已登记 {row} 负责人 {person}。", reverse("contractors"))
    return form_page(request, form, title=f"{row} 加负责人", button="登记负责人", back=reverse("contractors"))


@needs("desk.change_contractors")
def change_contractor_person(request, pk):
    person = get_object_or_404(ContractorPerson.objects.of(request.estate).select_related("contractor"), pk=pk)
    form = ChangeContractorPersonForm(request.POST or None, initial=initial(person, ChangeContractorPersonForm))
    if request.method == "POST" and form.perform(partners.change_contractor_person, person, by=request.user):
        return done(request, f"已修改 {person}。", reverse("contractors"))
    return form_page(request, form, title=f"修改负责人 {person}", about=str(person.contractor), button="保存", busy="正在保存，请稍等",
                     back=reverse("contractors"))
