"""Acts on the estate's own page 小区概况: its profile and the numbers to ring."""
from servicecentre.estates.models import Phone
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .editing import change, checked, clean_columns, enter

EMERGENCY = (("报警", "110"), ("火警", "119"), ("急救", "120"))       # the state's numbers, the same everywhere
MOST_PHONES = 60


@act
def change_estate(estate, *, version, by, **profile):
    """Change the estate's profile (areas in 0.01 ㎡); papers already issued keep their words. Refused on a stale page."""
    if "project_code" in profile:
        code = checked("project_code", str.upper, profile["project_code"].strip())
        if not (code.isascii() and code.isalnum()):
            raise Refused({"project_code": "项目码用大写字母和数字，如 YH"})
        profile["project_code"] = code
    return change(estate, "小区概况", version=version, by=by, numbers=("phone",), **profile)


@act
def add_phone(estate, *, by, **values):
    """A number to ring: the centre's own, or one for an emergency; returns the Phone."""
    if Phone.objects.of(estate).count() >= MOST_PHONES:
        raise Refused(f"电话最多 {MOST_PHONES} 个，请先删去不用的。")
    return enter(Phone, estate, "电话", by=by, numbers=("number",), **values)


@act
def change_phone(phone, *, version, by, **values):
    """Change a number or its name. Refused on a stale page."""
    return change(phone, "电话", version=version, by=by, numbers=("number",), **values)


@act
def remove_phone(phone, *, by):
    """Strike a number out of the list; returns the estate."""
    phone = Phone.objects.lock(phone)
    estate = phone.estate
    record(by, f"删去电话 {phone}", estate=estate)
    phone.delete()
    return estate


def give_emergency_numbers(estate):
    """The three numbers that every estate begins with; part of create_estate."""
    Phone.objects.bulk_create(Phone(estate=estate, position=position * 10, hours="24 小时", **clean_columns(Phone, {
        "kind": Phone.Kind.EMERGENCY, "name": name, "number": number}, ("number",)))
        for position, (name, number) in enumerate(EMERGENCY, start=1))
