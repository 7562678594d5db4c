"""Acts on files of any row: attach, see an identity paper, remove; each leaves its line in the log (DOMAIN §14, TRUST 26)."""
from django.core.exceptions import ValidationError

from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text

from .acts import act, record

LEAST_REASON = 2


@act
def attach_files(row, *, files, right, by, household=None, household_no=""):
    """Attach kept files (storing.kept) to a row, to be seen by whoever has ``right``; returns the row.

    ``household``: in whose file they lie too. Refused when there is none.
    """
    if not files:
        raise Refused({"files": "请选择文件或拍照"})
    number = household.number if household is not None else household_no
    made = storing.add_files(files, row, right=right, by=by, household_no=number)
    identity = [file for file in made if file.is_identity]
    what = f"证件影像 {len(identity)} 件，{identity[0].purpose}" if identity else f"{made[0].get_kind_display()}等附件 {len(made)} 件"
    record(by, f"添加{what}", row, household_no=number)
    return row


@act
def reveal_scan(file, *, reason, by):
    """Allow the clerk to see the scan of an identity paper, for a reason that is logged (TRUST 26). Returns the File."""
    record(by, f"查看证件影像，{_why(reason)}", file, household_no=file.household_no)
    return file


@act
def remove_file(file, *, reason, by):
    """Take a file away for good: its row stays and says who and why. Returns the File; refused when it is gone already."""
    file = File.objects.lock(file)
    if file.removed_at:
        raise Refused(f"这个附件已由{file.removed_by.name}删去。")
    storing.destroy(file, why=_why(reason), by=by)
    record(by, f"删去{file.get_kind_display()}附件，{file.removed_why}", file, household_no=file.household_no)
    return file


def _why(reason):
    try:
        reason = clean_text(reason, 60)
    except ValidationError as error:
        raise Refused({"reason": error.messages}) from error
    if len(reason) < LEAST_REASON:
        raise Refused({"reason": "请写明原因"})
    return reason
