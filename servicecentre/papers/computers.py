"""Which printer a computer at the desk prints on, with which sheet, and how far it prints beside the mark."""
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature

from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .models import FURTHEST, Computer, Printer
from .sheets import A5, DOT140, SHEETS

COOKIE, SALT, YEARS = "desk_computer", "papers.computer", 5
RECEIPT_SHEETS = (A5, DOT140)             # what a receipt's template has words for
MOST = 200                                # computers of one estate


@act
def add_computer(estate, *, name, receipt_sheet=A5.code, by):
    """A computer with a printer for each sheet, nothing moved yet; returns the Computer. Refused for a name that is taken."""
    name, receipt_sheet = _named(name), _receipt_sheet(receipt_sheet)
    if Computer.objects.of(estate).filter(name=name).exists():
        raise Refused({"name": f"已有「{name}」，请直接选它。"})
    if Computer.objects.of(estate).count() >= MOST:
        raise Refused("电脑太多了，请改一台不用的名字。")
    computer = Computer.objects.create(estate=estate, name=name, receipt_sheet=receipt_sheet)
    Printer.objects.bulk_create(Printer(estate=estate, computer=computer, sheet=code, changed_at=now(), changed_by=by) for code in SHEETS)
    record(by, f"登记电脑「{name}」，收据打在{SHEETS[receipt_sheet].name}", computer)
    return computer


@act
def set_computer(computer, *, name, receipt_sheet, printers, version, by):
    """Rename, choose the receipt's sheet, move the print; returns the Computer.

    ``printers``: {sheet: (printer's name, x, y)}, x to the right and y downwards in 0.1 mm. What moved must be tested again.
    Refused where somebody else has saved since ``version``.
    """
    computer = Computer.objects.lock(computer)
    fresh(computer, version)
    computer.name, computer.receipt_sheet, computer.version = _named(name), _receipt_sheet(receipt_sheet), version + 1
    computer.save(update_fields=["name", "receipt_sheet", "version"])
    moved = []
    for printer in computer.printers.select_for_update(of=("self",)).order_by("pk"):
        label, x, y = printers[printer.sheet]
        if max(abs(x), abs(y)) > FURTHEST:
            raise Refused({f"x_{printer.sheet}": f"最多移 {FURTHEST // 10} 毫米。"})
        label = clean_text(label, 30)
        if (printer.x, printer.y) != (x, y):
            printer.fits_at = None
            moved.append(f"{SHEETS[printer.sheet].name} 横 {tenths(x)} 竖 {tenths(y)}")
        if (printer.label, printer.x, printer.y) != (label, x, y):
            printer.label, printer.x, printer.y, printer.changed_at, printer.changed_by = label, x, y, now(), by
            printer.save(update_fields=["label", "x", "y", "fits_at", "changed_at", "changed_by"])
    record(by, f"改打印设置「{computer.name}」{'：' + '；'.join(moved) if moved else ''}", computer)
    return computer


@act
def confirm_fit(printer, *, version, by):
    """The test page lies where it should; returns the Printer. Refused where the computer was set anew since ``version``: another offset was tested."""
    computer = Computer.objects.lock(printer.computer_id)
    printer = Printer.objects.lock(printer)
    fresh(computer, version)
    printer.fits_at = now()
    printer.save(update_fields=["fits_at"])
    record(by, f"打印测试「{printer.computer.name}」{printer.sheet_of.name}，对上了", printer)
    return printer


def tenths(value):
    """`1.5` of 15, `−2.0` of −20: millimetres as the page shows them."""
    return f"{'−' if value < 0 else ''}{abs(value) // 10}.{abs(value) % 10}"


def computer_of(request):
    """The computer that this browser said it is, of this estate; None before it said so, or when it is forged or gone."""
    try:
        said = request.get_signed_cookie(COOKIE, salt=SALT, max_age=YEARS * 366 * 86400)
        pks = dict(pair.split(":") for pair in said.split(","))
        pk = int(pks[str(request.estate.pk)])
    except (KeyError, ValueError, BadSignature):
        return None
    return Computer.objects.of(request.estate).filter(pk=pk).first()


def remember(response, request, computer):
    """Let this browser be that computer; what it is at other estates stays."""
    try:
        said = request.get_signed_cookie(COOKIE, salt=SALT, max_age=YEARS * 366 * 86400)
        pks = dict(pair.split(":") for pair in said.split(","))
    except (KeyError, ValueError, BadSignature):
        pks = {}
    pks[str(computer.estate_id)] = str(computer.pk)
    response.set_signed_cookie(COOKIE, ",".join(f"{estate}:{pk}" for estate, pk in list(pks.items())[-50:]), salt=SALT,
                               max_age=YEARS * 366 * 86400, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


def _named(name):
    try:
        name = clean_text(name, 20)
    except ValidationError as error:
        raise Refused({"name": error.messages}) from error
    if not name:
        raise Refused({"name": "请填写这台电脑的名字，如「前台 1 号机」。"})
    return name


def _receipt_sheet(code):
    if code not in {sheet.code for sheet in RECEIPT_SHEETS}:
        raise Refused({"receipt_sheet": "收据只打在 A5 或 241 × 140 上。"})
    return code
