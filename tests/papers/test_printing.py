"""What stands on the PDF is what was issued, with a glyph for every name (TRUST 8, 9; T10; §4 rows 18–20)."""
import io
import logging
import re

import pypdf
import pytest

from servicecentre.kit import pdf
from servicecentre.kit.money import yuan
from servicecentre.papers import printing
from servicecentre.papers.issuing import ALL, reprint_paper, void_paper
from servicecentre.papers.kinds import VOID
from servicecentre.papers.models import Print
from tests.papers.conftest import line, receipt

MONTHS = [f"2026年{month}月" for month in range(1, 13)]


def lines(count):
    return [line(period=MONTHS[n % 12], amount=17016 + n) for n in range(count)]


def printed(paper, which=None):
    """[text of each page] as pypdf reads it."""
    data = printing.render(paper, which or paper.prints.get(n=1), address="https://wuye.example.cn/")
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def together(text):
    return re.sub(r"\s", "", text)


def one_copy(paper):
    """A print that brings out one copy only, unsaved, so that pages are those of one 联."""
    return Print(estate=paper.estate, paper=paper, n=1, copies="customer", by=paper.issued_by, at=paper.issued_at)


def test_the_pdf_says_what_was_issued(issue):
    paper = issue(receipt([line(), line("共用车位管理服务费（苏A·D7K38）", quantity="1 辆", price="260.00", percent="70%", amount=26000)],
                          parts=[{"method": "微信", "amount": 20000, "reference": "4200 8841"}, {"method": "现金", "amount": 23016, "reference": ""}],
                          tendered=30000, change=6984, credit_left=12345, still_due=31346, remarks="预收公摊水电费"))
    [text] = map(together, printed(paper, one_copy(paper)))
    for said in (paper.number, "2026年11月", "莲花物业", "银河国际街区一期物业服务中心", "YH-ZH-3-2-1801-02", "3栋2单元1801", "王堃", "李玥（亲属）", "张敏",
                 "01物业管理服务费", "02共用车位管理服务费（苏A·D7K38）", "89.56㎡×1.90", "1辆×260.00", "70%", "170.16", "260.00", "¥430.16",
                 "合计人民币（大写）肆佰叁拾元壹角陆分", "微信200.00（单号42008841）", "现金230.16（收300.00，找69.84）", "预存余额123.45", "尚欠313.46",
                 "备注预收公摊水电费", "以下空白", "扫码验真"):
        assert together(said) in text, said
    assert "补打" not in text and "作废" not in text


def test_the_first_print_brings_three_copies_the_payers_first(paper):
    pages = list(map(together, printed(paper)))
    assert [next(name for name in ("第二联客户", "第一联存根", "第三联记账") if name in page) for page in pages] == [
        "第二联客户", "第一联存根", "第三联记账"]


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (12, 1), (13, 2), (30, 3)])
def test_twelve_lines_a_page_and_the_total_on_the_last(issue, count, pages):
    paper = issue(receipt(lines(count)))
    texts = list(map(together, printed(paper, one_copy(paper))))
    assert len(texts) == pages
    for at, text in enumerate(texts, start=1):
        assert paper.number in text and "3栋2单元1801" in text and "YH-ZH-3-2-1801-02" in text
        assert (f"第{at}页共{pages}页" in text) == (pages > 1)
        assert ("合计人民币" in text) == ("微信" in text) == (at == pages)
        assert ("转下页" in text) == (at < pages)
    everything = "".join(texts)
    assert all(f"{n:02}物业管理服务费" in everything and yuan(17015 + n) in everything for n in range(1, count + 1))


def test_used_and_added_credit_are_lines_so_that_the_column_sums(issue):
    paper = issue(receipt([line(amount=50000)], credit_used=20000, credit_added=1000))
    [text] = map(together, printed(paper, one_copy(paper)))
    assert "02用预存" in text and "−200.00" in text and "03转预存" in text and "10.00" in text and "¥310.00" in text


def test_nothing_is_lost_where_words_are_long(issue):
    owners = "、".join(f"欧阳娜{n}诸葛孔明之后人" for n in "一二三四五六七八九十")
    payer = "南京莲花物业管理有限责任公司银河分公司装修工程项目部第二项目组二标段"
    paper = issue(receipt([line("共用车位管理服务费（苏A·D7K38）地下二层产权车位一号位", "2026-11-05 至 2026-11-30", "102.47 ㎡", "1.90", "100%",
                                share_label="26/30 月"), line()], owners=owners, payer=payer, relation="施工单位",
                          unit="商铺S01、S02、S03、S04、S05、S06、S07、S08、S09、S10、S11、S12", remarks="备注很长" * 15,
                          parts=[{"method": m, "amount": 100, "reference": "1234567890" * 4} for m in ("微信", "支付宝", "刷卡", "转账")]))
    text = together("".join(printed(paper, one_copy(paper))))
    for said in (owners, payer, "共用车位管理服务费（苏A·D7K38）地下二层产权车位一号位", "备注很长" * 15, "S12", "1234567890" * 4):
        assert together(said) in text, said
    assert "102.47㎡×1.90" in text and "×26/30月" in text and "2026-11-05至2026-11-30" in text


def test_a_foot_that_needs_more_room_takes_it_from_the_rows(issue):
    long = {"remarks": "备" * 200, "parts": [{"method": "微信", "amount": 100, "reference": "8" * 40}] * 3}
    paper = issue(receipt(lines(12), **long))
    texts = list(map(together, printed(paper, one_copy(paper))))
    assert len(texts) == 2 and "备" * 200 in texts[1].replace("备注", "", 1) and "12物业" in texts[1]


NAMES = ["𠮷野家", "䶮䶮", "阿卜杜·买买提", "王", "诸葛" * 30, "周㛃 O'Neill", "马𬸚 José"]
HOSTILE = ["<script>alert(1)</script>", '<img src="file:///etc/passwd">', "{{ 7*7 }}", "{% include 'base.html' %}",
           "<link rel=attachment href=file:///etc/passwd>", "a&amp;b\"'", "url(file:///etc/passwd)", "</title><base href=file:///>"]


def test_every_name_has_its_glyphs(issue, caplog):
    paper = issue(receipt([line(name) for name in NAMES], owners="、".join(NAMES), payer=NAMES[0], unit=NAMES[1], remarks=NAMES[5], cashier=NAMES[6]))
    pdf.warm()
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        text = together("".join(printed(paper, one_copy(paper))))
    assert not [r for r in caplog.records if ".notdef" in r.getMessage()]
    for name in NAMES:
        assert together(name) in text, name


def test_hostile_words_stand_letter_by_letter_and_fetch_nothing(issue, monkeypatch):
    asked = []
    real = pdf._fetcher

    def watching(images):
        fetcher = real(images)
        fetch = type(fetcher).fetch
        monkeypatch.setattr(type(fetcher), "fetch", lambda self, url, headers=None: (asked.append(url), fetch(self, url, headers))[1])
        return fetcher

    monkeypatch.setattr(pdf, "_fetcher", watching)
    said = "".join(HOSTILE)
    paper = issue(receipt([line(name, period=name, quantity=name, price=name, percent=name) for name in HOSTILE], owners=said, payer=said,
                          relation=said, unit=said, remarks=said, cashier=HOSTILE[0], words=HOSTILE[1], household=HOSTILE[2],
                          parts=[{"method": name, "amount": 1, "reference": name} for name in HOSTILE],
                          estate={"name": said, "company": HOSTILE[1], "centre": HOSTILE[4], "phone": said}))
    reader = pypdf.PdfReader(io.BytesIO(printing.render(paper, one_copy(paper), address="https://wuye.example.cn/")))
    text = together("".join(page.extract_text() for page in reader.pages))
    for name in HOSTILE:
        assert text.count(together(name)) >= 2, name
    assert not reader.attachments and set(asked) == {f"{pdf.PLACE}qr.png"}


def test_a_line_break_in_a_value_does_not_shift_the_column(issue):
    paper = issue(receipt([line("甲\n乙", amount=100), line("丙", amount=200)]))
    html = printing.to_html(paper, one_copy(paper))
    assert "01　甲 乙\n02　丙" in html


def test_a_reprint_says_so_and_the_words_stay(paper, clerk, estate):
    first = printed(paper, one_copy(paper))
    again = reprint_paper(paper, reason="客户联遗失", by=clerk)
    type(estate).objects.filter(pk=estate.pk).update(name="改了名", company="别家物业")
    paper.refresh_from_db()
    [text] = printed(paper, again)
    assert "第二联客户" in together(text)
    assert together(first[0]) == together(text).replace(re.search(r"补打第2次.{10}.{5}李婷", together(text))[0], "")


def test_a_void_is_struck_through_and_says_why(paper, manager, clerk):
    void_paper(paper, reason="房号有误，应为 3-2-1601", asked_by=clerk, by=manager)
    again = reprint_paper(paper, reason="归档", copies="ledger", by=clerk)
    [text] = map(together, printed(paper.__class__.objects.get(pk=paper.pk), again))
    assert "作废" in text and "经办李婷批准陈静" in text and "作废原因房号有误，应为3-2-1601" in text and "补打第2次" in text


def test_marks_part_the_pages_no_other_way(issue, manager):
    paper = issue(receipt(lines(12), credit_left=100, still_due=100, remarks="备" * 31))
    before = len(printed(paper, one_copy(paper)))
    void_paper(paper, reason="因" * 120, by=manager)
    again = reprint_paper(paper, reason="归档", by=manager)
    [text] = printed(paper.__class__.objects.get(pk=paper.pk), again)
    assert before == 1 and "因" * 120 in together(text)


def test_the_void_slip_says_what_was_undone(issue):
    content = {**receipt(), "receipt": "SJ-2026-001240", "received_at": "2026-11-25 10:42", "ways": "微信 170.16（8841）", "copies_back": 3,
               "lines": [{"fee": "物业管理服务费", "formula": "89.56 × 1.9 × 1 月", "period": "2026年12月", "after": "恢复为未缴", "amount": -17016}] * 20,
               "total": -340320, "words": "负叁仟肆佰零叁元贰角", "reasons": [["金额有误", False], ["房号有误", True]],
               "goes": [["改正后重开", True], ["转为该户预存", False]], "said": "应为 3-2-1601", "reissued": "SJ-2026-001241",
               "asked_by": "张敏", "asked_at": "2026-11-25 10:50", "approved_by": "孙莉", "approved_at": "2026-11-25 11:00"}
    paper = issue(content, kind=VOID)
    texts = list(map(together, printed(paper)))
    assert len(texts) == 4 and "第二联前台" in texts[0] and "第一联财务" in texts[2]
    for said in ("作废（冲红）单", "SJ-2026-001240", "叁（3）联", "恢复为未缴", "−170.16"):
        assert together(said) in texts[0], said
    for said in ("¥−3,403.20", "负叁仟肆佰零叁元贰角", "✓房号有误", "✓改正后重开", "SJ-2026-001241", "应为3-2-1601", "张敏", "孙莉"):
        assert together(said) in texts[1], said


def test_three_copies_part_the_pages_alike(issue):
    paper = issue(receipt(lines(13)))
    again = Print(estate=paper.estate, paper=paper, n=1, copies=ALL, by=paper.issued_by, at=paper.issued_at)
    assert len(printed(paper, again)) == 6
