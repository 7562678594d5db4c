"""The pages of texts: a clerk finds and copies, a manager changes, every edition is kept and shown."""
import io
import re

import pytest
from pypdf import PdfReader

from servicecentre.papers.kinds import TEXTS
from servicecentre.papers.models import Paper, Wording
from servicecentre.papers.texts.samples import CONTENTS
from servicecentre.papers.texts.views import blocks, differences
from servicecentre.papers.wordings import reword
from tests.billing.till import household_owing, pay

KEY = "receipt_remarks"


def text_of(response):
    return response.content.decode()


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text_of(response)))


def test_a_clerk_sees_every_phrase_as_it_is_spoken_here_and_may_not_change_it(desk, estate):
    page = text_of(desk.get("/texts/"))
    assert "您好，莲花物业</q>" in page and "{{" not in page and "二位小姐好" in page
    assert "单据文字" not in page and "新写话术" not in page and desk.get("/texts/papers/").status_code == 403
    row = Wording.objects.of(estate).get(key="phrase.phone-first")
    assert desk.post(f"/texts/{row.pk}/change/", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("sought, found, not_found", [("投诉", "非常抱歉", "二位先生好"), ("电话 同事", "现在不在", "非常抱歉"),
                                                      ("钥匙", "各类钥匙的管理", "非常抱歉"), ("_", "没有找到", "您好")])
def test_a_search_goes_through_phrases_and_handbook(desk, sought, found, not_found):
    page = words_of(desk.get("/texts/", {"q": sought}))
    assert found in page and not_found not in page


def test_the_handbook_reads_as_pages(desk, estate):
    assert "素质与礼仪" in words_of(desk.get("/texts/handbook/"))
    row = Wording.objects.of(estate).get(key="page.movein")
    page = text_of(desk.get(f"/texts/handbook/{row.pk}/"))
    assert "<h2>入伙流程（10 个）</h2><ol><li>验证</li>" in page and "<li>资料归档，一户一档（补写的）</li>" in page
    assert "入伙手续的办理" in words_of(desk.get("/texts/handbook/", {"q": "防火责任告知书"}))


def test_a_manager_changes_a_page_and_the_old_address_shows_the_new_one(desk, manager_desk, estate, manager):
    row = Wording.objects.of(estate).get(key="page.keys")
    saved = manager_desk.post(f"/texts/{row.pk}/change/", {"title": row.title, "group": row.group, "edition": 1, "note": "加一条",
                                                           "text": "## 先后\r\n- 先验身份\r\n- 再登记 <script>alert(1)</script>"})
    assert saved.status_code == 302
    page = text_of(desk.get(f"/texts/handbook/{row.pk}/"))
    assert "<h2>先后</h2><ul><li>先验身份</li><li>再登记 &lt;script&gt;alert(1)&lt;/script&gt;</li></ul>" in page
    newest = Wording.objects.of(estate).in_use().get(key="page.keys")
    shown = text_of(manager_desk.get(f"/texts/{newest.pk}/"))
    assert "陈静" in shown and "加一条" in shown and "<ins>" in shown and "<del>" in shown and "业主前来借、领钥匙时" in shown
    assert "用回第 1 版" in text_of(manager_desk.get(f"/texts/{row.pk}/")) and "恢复默认" in shown


def test_an_older_edition_is_used_again_as_a_new_one(manager_desk, estate, manager):
    reword(estate, KEY, "第一版", by=manager)
    reword(estate, KEY, "第二版", by=manager)
    page = text_of(manager_desk.get(f"/texts/{Wording.objects.get(key=KEY, edition=1).pk}/"))
    form = re.search(r'<form method="post" action="([^"]*)">(?:(?!</form>).)*用回第 1 版', page, re.DOTALL)
    data = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert manager_desk.post(form[1], data).status_code == 302
    newest = Wording.objects.filter(key=KEY).order_by("-edition").first()
    assert (newest.edition, newest.text, newest.note) == (3, "第一版", "用回第 1 版")


def test_a_wrong_name_is_told_beside_the_field_and_what_was_typed_stays(manager_desk):
    page = manager_desk.post(f"/texts/papers/?key={KEY}", {"text": "{{车牌}}请留存", "edition": 0, "note": "试"})
    assert page.status_code == 200 and "没有「车牌」这一项，可用：小区、公司" in text_of(page) and "{{车牌}}请留存" in text_of(page)
    assert not Wording.objects.filter(key=KEY).exists()


def test_a_stale_page_is_told_who_changed_it(manager_desk, estate, admin):
    reword(estate, KEY, "管理员写的", by=admin)
    page = manager_desk.post(f"/texts/papers/?key={KEY}", {"text": "我写的", "edition": 0})
    assert page.status_code == 409 and "管理员刚改过，现在是第 1 版" in text_of(page) and "我写的" in text_of(page)
    assert Wording.of(estate, KEY) == "管理员写的"


def test_a_saved_text_is_on_the_next_receipt_and_its_page_says_so(manager_desk, estate, clerk):
    saved = manager_desk.post(f"/texts/papers/?key={KEY}", {"text": "{{服务电话}} 咨询", "edition": 0}, follow=True)
    assert "存为第 1 版" in text_of(saved) and "现在用第 1 版" in text_of(saved)
    assert pay(household_owing(estate), 51048, clerk).paper.content["remarks"].endswith("咨询")


@pytest.mark.parametrize("key", TEXTS)
def test_a_preview_is_a_paper_with_the_text_on_it_and_keeps_nothing(manager_desk, key):
    answer = manager_desk.post(f"/texts/papers/preview/?key={key}", {"text": "样张上的话 {{小区}}"})
    assert answer["Content-Type"] == "application/pdf"
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "样张上的话银河国际街区一期" in re.sub(r"\s", "", said) and "样张" in said
    assert not Paper.objects.exists() and not Wording.objects.filter(key=key).exists()


def test_a_sample_has_the_shape_of_a_real_paper(estate, clerk, manager):
    """Else a preview would show what no paper looks like."""
    from billing.models import ReceiptVoid
    from billing.receipts import ask_void, void_receipt

    payment = pay(household_owing(estate), 51048, clerk)
    void = void_receipt(ask_void(payment, goes=ReceiptVoid.Goes.CREDIT, reason=ReceiptVoid.Reason.AMOUNT, words="多收了", by=clerk), by=manager)
    for paper, kind in ((payment.paper, "SJ"), (void.paper, "ZF")):
        made = CONTENTS[kind](estate, "")
        assert set(made) == set(paper.content) - {"number", "mark", "issued_on"}
        assert {k for line in made["lines"] for k in line} == {k for line in paper.content["lines"] for k in line} - {"share_label"}


def test_a_withdrawn_phrase_is_gone_from_the_list_and_comes_back(desk, manager_desk, estate):
    row = Wording.objects.of(estate).get(key="phrase.two-women")
    assert manager_desk.post(f"/texts/{row.pk}/withdraw/").status_code == 302
    assert "二位小姐好" not in text_of(desk.get("/texts/"))
    manager_desk.post(f"/texts/{row.pk}/change/", {"title": row.title, "group": row.group, "text": row.text, "edition": 2})
    assert "二位小姐好" in text_of(desk.get("/texts/"))


def test_a_new_page_stands_in_its_group(manager_desk):
    manager_desk.post("/texts/handbook/new/", {"title": "班前会", "group": "流程", "text": "1. 点名\n2. 交代"})
    page = words_of(manager_desk.get("/texts/handbook/"))
    assert "班前会" in page and page.index("流程") < page.index("班前会") < page.index("遇到这些事")


def test_blocks_of_plain_text():
    said = [(b["kind"], b["lines"]) for b in blocks("先说\n再说\n\n## 题\n- 甲\n- 乙\n1. 一\n2、二\n<b>")]
    assert said == [("p", ["先说", "再说"]), ("h", ["题"]), ("ul", ["甲", "乙"]), ("ol", ["一", "二"]), ("p", ["<b>"])]


def test_differences_put_together_are_both_texts():
    before, after = "第一行\n收据请保管\n", "第一行\n收据请保管好\n新的一行"
    parts = differences(before, after)
    assert "".join(w for w, how in parts if how != "new") == before and "".join(w for w, how in parts if how != "gone") == after
    assert ("好", "new") in parts
