"""打印设置: a browser is a computer by a signed cookie; its sheet and offsets move what it prints; the test page (issue 3 §7)."""
import io

import pypdf
import pytest

from servicecentre.kit import pdf
from servicecentre.kit.refused import Refused
from servicecentre.papers import printing, testpage
from servicecentre.papers.computers import COOKIE, add_computer, confirm_fit, set_computer
from servicecentre.papers.issuing import reprint_paper, void_paper
from servicecentre.papers.models import Computer, Printer
from servicecentre.papers.sheets import SHEETS
from servicecentre.worklog.models import Entry
from tests.conftest import Desk

from .conftest import line, receipt
from .test_printing import lines, one_copy, together

NAME = "前台 1 号机"


@pytest.fixture
def computer(estate, clerk):
    return add_computer(estate, name=NAME, receipt_sheet="dot140", by=clerk)


def still(computer, **change):
    """The printers as they are, but for these."""
    return {p.sheet: change.get(p.sheet, (p.label, p.x, p.y)) for p in computer.printers.all()}


def pages(data):
    return pypdf.PdfReader(io.BytesIO(data)).pages


def millimetres(page):
    return tuple(round(float(side) * 254 / 72) / 10 for side in page.mediabox)


def test_a_new_computer_has_every_sheet_and_nothing_moved(computer):
    assert {(p.sheet, p.x, p.y, p.fits_at) for p in computer.printers.all()} == {(code, 0, 0, None) for code in SHEETS}
    assert NAME in Entry.objects.latest("pk").words


@pytest.mark.parametrize(("fields", "field"), [({"name": ""}, "name"), ({"name": "长" * 21}, "name"), ({"name": NAME}, "name"),
                                               ({"name": "后台", "receipt_sheet": "dot93"}, "receipt_sheet")])
def test_a_computer_without_name_or_sheet_is_refused(computer, estate, clerk, fields, field):
    with pytest.raises(Refused) as refusal:
        add_computer(estate, by=clerk, **fields)
    assert list(refusal.value.message_dict) == [field]


def test_what_moved_must_be_tested_again(computer, clerk):
    printer = computer.printers.get(sheet="dot140")
    assert confirm_fit(printer, version=computer.version, by=clerk).fits_at
    set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer), version=1, by=clerk)
    assert Printer.objects.get(pk=printer.pk).fits_at
    set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer, dot140=("针式 1 号", 15, -20)), version=2, by=clerk)
    moved = Printer.objects.get(pk=printer.pk)
    assert (moved.label, moved.x, moved.y, moved.fits_at) == ("针式 1 号", 15, -20, None)
    assert "横 1.5 竖 −2.0" in Entry.objects.latest("pk").words


def test_what_was_tested_is_what_is_confirmed(desk, computer, clerk):
    """Somebody moves the print while another's test page of before lies there and fits."""
    printer = computer.printers.get(sheet="dot140")
    desk.post(f"/papers/printers/{computer.pk}/choose/")
    assert '<input type="hidden" name="version" value="1"' in desk.get("/papers/printers/").content.decode()
    set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer, dot140=("", 15, 0)), version=1, by=clerk)
    said = desk.post(f"/papers/printers/fit/{printer.pk}/", {"version": 1, "request_key": "f1"}, follow=True).content.decode()
    assert "您的改动没有保存" in said and not Printer.objects.get(pk=printer.pk).fits_at
    desk.post(f"/papers/printers/fit/{printer.pk}/", {"version": 2, "request_key": "f2"})
    assert Printer.objects.get(pk=printer.pk).fits_at


def test_a_page_that_is_out_of_date_is_told_so(computer, clerk):
    set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer), version=1, by=clerk)
    with pytest.raises(Refused, match="刚才改打印设置"):
        set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer), version=1, by=clerk)


def test_too_far_is_refused(computer, clerk):
    with pytest.raises(Refused, match="最多移 20 毫米"):
        set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer, a5=("", 201, 0)), version=1, by=clerk)


def test_the_page_says_which_computer_and_keeps_it_in_a_cookie(desk, db):
    assert "还没说这是哪台电脑" in desk.get("/papers/printers/").content.decode()
    answer = desk.post("/papers/printers/add/", {"name": NAME, "receipt_sheet": "dot140"})
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    page = desk.get("/papers/printers/").content.decode()
    assert f"这台电脑是「{NAME}」" in page and page.count("还没测") == 4


def test_a_forged_or_foreign_cookie_is_nothing(desk, computer, estate, other_estate, clerk, other_clerk):
    desk.cookies[COOKIE] = f"{estate.pk}:{computer.pk}"
    assert "还没说这是哪台电脑" in desk.get("/papers/printers/").content.decode()
    theirs = add_computer(other_estate, name="别家", by=other_clerk)
    assert desk.post(f"/papers/printers/{theirs.pk}/choose/").status_code == 404
    neighbour = Desk(other_clerk, other_estate)
    neighbour.post(f"/papers/printers/{theirs.pk}/choose/")
    desk.cookies[COOKIE] = neighbour.cookies[COOKIE].value
    assert "还没说这是哪台电脑" in desk.get("/papers/printers/").content.decode()
    desk.post(f"/papers/printers/{computer.pk}/choose/")
    neighbour.cookies[COOKIE] = desk.cookies[COOKIE].value
    assert "别家" in neighbour.get("/papers/printers/").content.decode()          # the other estate's stays in it


def form_of(computer, **change):
    fields = {f"{name}_{code}": value for code in SHEETS for name, value in (("label", ""), ("x", "0.0"), ("y", "0.0"))}
    return {"name": NAME, "receipt_sheet": "a5", "version": computer.version, **fields, **change}


@pytest.mark.parametrize(("typed", "tenths"), [("1.5", 15), ("−2", -20), ("-2.0", -20), ("１．５", 15), ("", 0), ("+3", 30), ("20", 200)])
def test_millimetres_as_people_type_them(desk, computer, typed, tenths):
    assert desk.post(f"/papers/printers/{computer.pk}/set/", form_of(computer, x_a4=typed)).status_code == 302
    assert computer.printers.get(sheet="a4").x == tenths


@pytest.mark.parametrize("typed", ["1.55", "x", "20.1", "99", "1e1", "٣", "--1"])
def test_what_is_no_offset_is_said_beside_it(desk, computer, typed):
    desk.post(f"/papers/printers/{computer.pk}/choose/")
    answer = desk.post(f"/papers/printers/{computer.pk}/set/", form_of(computer, x_a4=typed))
    page = answer.content.decode()
    assert answer.status_code == 200 and "A4 210 × 297：" in page and f'value="{typed}"' in page
    assert computer.printers.get(sheet="a4").x == 0


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_test_page_is_that_sheet_and_moved(computer, clerk, sheet):
    set_computer(computer, name=NAME, receipt_sheet="a5", printers=still(computer, **{sheet.code: ("激光 2 号", 15, -20)}), version=1, by=clerk)
    [page] = pages(testpage.render_test(computer.printers.get(sheet=sheet.code), by=clerk))
    assert millimetres(page) == (-1.5, -2.0, sheet.width - 1.5, sheet.height - 2.0)
    text = page.extract_text()
    for said in ("打印测试", "人民币捌仟捌佰捌拾捌元捌角捌分", "8,888.88 元", "激光 2 号", NAME, "横移 1.5 mm", "竖移 −2.0 mm", clerk.name, "不占号码"):
        assert together(said) in together(text), said


def test_the_test_page_takes_no_number_and_may_be_framed(desk, computer):
    printer = computer.printers.first()
    answer = desk.get(f"/papers/printers/test/{printer.pk}/")
    assert answer.content.startswith(b"%PDF") and answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "还没有开出单据" in desk.get("/papers/").content.decode()


def test_a_receipt_goes_to_the_sheet_of_its_computer(desk, issue, computer, clerk):
    paper = issue(receipt([line(), line("共用车位管理服务费（苏A·D7K38）", quantity="1 辆", price="260.00", amount=26000)], credit_left=12345,
                          remarks="预收公摊水电费"))
    [a5, *_] = pages(desk.get(f"/papers/{paper.pk}/pdf/1/").content)
    desk.post(f"/papers/printers/{computer.pk}/choose/")
    [dot] = pages(desk.get(f"/papers/{paper.pk}/pdf/1/").content)                # one stroke prints the three copies
    assert (millimetres(a5), millimetres(dot)) == ((0, 0, 210, 148), (0, 0, 241, 140))
    said = together(dot.extract_text())
    for words in (paper.number, "3栋2单元1801", "王堃", "李玥（亲属）", "YH-ZH-3-2-1801-02", "01物业管理服务费", "89.56㎡×1.90", "170.16", "1辆×260.00",
                  "合计人民币（大写）肆佰叁拾元壹角陆分", "¥430.16", "微信430.16（单号8841）", "预存余额123.45", "备注预收公摊水电费", "以下空白", "张敏",
                  "第二联客户（红）"):
        assert together(words) in said, words
    assert "补打" not in said and "作废" not in said


def test_both_sheets_say_the_same_words(issue):
    """Letter by letter, but for what each says of its copies and where it breaks a line."""
    paper = issue(receipt(lines(6), remarks="很长" * 15, credit_left=1, still_due=2))
    a5, dot = (sorted(together("".join(page.extract_text() for page in pages(
        pdf.render_pdf(printing.to_html(paper, one_copy(paper), sheet), images={"qr.png": pdf.qr_png("x")}))))) for sheet in ("a5", "dot140"))
    own = set("一式三联：第存根（白）二客户（红）记账（黄）扫码验真")
    assert [c for c in dot if c not in own] == [c for c in a5 if c not in own]


@pytest.mark.parametrize(("count", "sheets"), [(1, 1), (12, 1), (13, 2), (30, 3)])
def test_twelve_lines_on_the_continuous_sheet_too(issue, computer, count, sheets):
    paper = issue(receipt(lines(count)))
    texts = [together(page.extract_text()) for page in pages(printing.render(paper, paper.prints.get(), computer=computer))]
    assert len(texts) == sheets
    assert all(("合计人民币" in text) == (at == sheets) for at, text in enumerate(texts, start=1))
    assert all(f"{n:02}物业管理服务费" in "".join(texts) for n in range(1, count + 1))


def test_marks_stand_on_the_continuous_sheet_and_part_it_as_before(issue, computer, clerk, manager):
    paper = issue(receipt(lines(12), credit_left=5))
    plain = len(pages(printing.render(paper, paper.prints.get(), computer=computer)))
    again = reprint_paper(paper, reason="客户联遗失", copies="customer", by=clerk)
    paper = void_paper(paper, reason="房号录错", asked_by=clerk, by=manager)
    marked = pages(printing.render(paper, again, computer=computer))
    said = together("".join(page.extract_text() for page in marked))
    assert len(marked) == plain
    for words in ("【补打第2次", "客户联】", "作废原因房号录错", "【作废", f"经办{clerk.name}批准{manager.name}】"):
        assert words in said, words


def test_a_printers_offset_moves_the_receipt(issue, computer, clerk):
    set_computer(computer, name=NAME, receipt_sheet="dot140", printers=still(computer, dot140=("", 15, -20)), version=1, by=clerk)
    paper = issue()
    [page] = pages(printing.render(paper, paper.prints.get(), computer=Computer.objects.get()))
    assert millimetres(page) == (-1.5, -2.0, 239.5, 138.0)


def test_without_moving_the_frame_stays(issue):
    """The twin: no computer, no offset."""
    paper = issue()
    assert millimetres(pages(printing.render(paper, paper.prints.get()))[0]) == (0, 0, 210, 148)
