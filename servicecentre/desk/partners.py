"""Acts on departments of the centre and on contractors with their responsible persons."""
from servicecentre.estates.models import Contractor, ContractorPerson, Department
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act

from .editing import change, enter

PHONE = ("phone",)


@act
def add_department(estate, *, by, **values):
    """A department with who answers for it; returns the Department."""
    return enter(Department, estate, "部门", by=by, numbers=PHONE, **values)


@act
def change_department(department, *, version, by, **values):
    """Change a department, or put it out of use. Refused on a stale page."""
    return change(department, "部门", version=version, by=by, numbers=PHONE, **values)


@act
def add_contractor(estate, *, person, person_phone, by, **values):
    """A contractor with a first responsible person; returns the Contractor."""
    contractor = enter(Contractor, estate, "施工单位", by=by, numbers=PHONE, **values)
    _add_person(contractor, person, person_phone, by, fields=("person", "person_phone"))
    return contractor


@act
def change_contractor(contractor, *, version, by, **values):
    """Change a contractor, or put it out of use. Refused on a stale page."""
    return change(contractor, "施工单位", version=version, by=by, numbers=PHONE, **values)


@act
def add_contractor_person(contractor, *, name, phone, by):
    """One more responsible person of a contractor; returns the ContractorPerson."""
    contractor = Contractor.objects.lock(contractor)
    return _add_person(contractor, name, phone, by, fields=("name", "phone"))


@act
def change_contractor_person(person, *, version, by, **values):
    """Change a responsible person, or note that they no longer answer for it. Refused on a stale page."""
    return change(person, "施工单位负责人", version=version, by=by, numbers=PHONE, **values)


def _add_person(contractor, name, phone, by, fields):
    try:
        return enter(ContractorPerson, contractor.estate, f"{contractor} 负责人", by=by, numbers=PHONE, contractor=contractor, name=name, phone=phone)
    except Refused as refusal:
        if hasattr(refusal, "error_dict"):
            raise Refused({fields[("name", "phone").index(field)]: words for field, words in refusal.message_dict.items()}) from refusal
        raise
