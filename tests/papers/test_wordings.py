"""Editable texts: one row per edition, names put in as plain text (TRUST T12)."""
import pytest
from django.db import IntegrityError, transaction

from billing.models import FeeKind, ReceiptVoid
from billing.receipts import ask_void, void_receipt
from billing.tariffs import change_price
from households.people import change_person
from servicecentre.desk.profile import change_estate
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import reprint_paper
from servicecentre.papers.models import Paper, Wording
from servicecentre.papers.printing import html_of, words_of
from servicecentre.papers.texts import delivered
from servicecentre.papers.wordings import as_delivered, fill_texts, reword, withdraw_text, worded, write_text
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry
from tests.billing.till import household_owing, pay

KEY = "receipt_remarks"


def test_the_newest_edition_counts_and_older_ones_stay(estate, other_estate, manager):
    assert worded(estate, KEY) == ""
    reword(estate, KEY, "第一版", by=manager)
    reword(estate, KEY, "请保留收据,{{小区}}", by=manager)
    assert worded(estate, KEY) == "请保留收据,银河国际街区一期"
    assert list(Wording.objects.of(estate).filter(key=KEY).order_by("edition").values_list("edition", "text"))[0] == (1, "第一版")
    assert worded(other_estate, KEY) == ""


def test_an_unknown_name_is_refused_on_saving(estate, manager):
    with pytest.raises(Refused, match="没有「密钥」"):
        reword(estate, KEY, "{{ 密钥 }}", by=manager)


def test_what_a_name_holds_is_not_read_again(estate, manager):
    type(estate).objects.filter(pk=estate.pk).update(phone="{{小区}}{% now 'Y' %}")
    estate.refresh_from_db()
    reword(estate, KEY, "{{ 服务电话 }} {% include 'base.html' %} {0}", by=manager)
    assert worded(estate, KEY) == "{{小区}}{% now 'Y' %} {% include 'base.html' %} {0}"


def test_an_edition_is_never_edited(estate, manager):
    wording = reword(estate, KEY, "第一版", by=manager)
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        Wording.objects.filter(pk=wording.pk).update(text="改")


def test_an_unknown_text_is_an_error(estate):
    with pytest.raises(KeyError):
        Wording.of(estate, "nothing")


@pytest.mark.parametrize("text", ["{{ 小区", "小区 }}", "{{小区}} }}", "{{ {{小区}} }}"])
def test_braces_that_do_not_pair_are_refused(estate, manager, text):
    with pytest.raises(Refused, match="配成对|没有「"):
        reword(estate, KEY, text, by=manager)


def test_what_a_receipt_may_say_of_the_owner_stands_on_it(estate, clerk, manager):
    household = household_owing(estate)
    reword(estate, KEY, "{{业主}} {{房号}} 交 {{合计}} 元，{{日期}}", by=manager)
    payment = pay(household, 51048, clerk)
    assert payment.paper.content["remarks"].endswith(f"张明 3栋2单元1801 交 510.48 元，{payment.day.year}年{payment.day.month}月{payment.day.day}日")
    reword(estate, KEY, "改了", by=manager)
    payment.paper.refresh_from_db()
    assert "张明" in payment.paper.content["remarks"]                        # an issued paper holds the text itself


def test_a_paper_says_for_ever_what_it_said(estate, clerk, manager):
    """Owner, estate, price and text have other words since; the page and the PDF of a reprint have the old ones (TRUST 8)."""
    household = household_owing(estate)
    payment = pay(household, 51048, clerk)
    before, owner = payment.paper.content, household.owner_names
    person = household.persons.get()
    change_person(person, household=household, version=person.version, name="张又明", by=clerk)
    change_estate(estate, version=estate.version, name="改名的小区", company="改名的公司", by=manager)
    change_price(FeeKind.objects.get(estate=estate, code="property"), unit_price=2_0000, from_month=BillingMonth.of(today()).next,
                 basis="业主大会决定", by=manager)
    reword(estate, KEY, "改过的话", by=manager)
    again = reprint_paper(Paper.objects.get(pk=payment.paper.pk), reason="客户联遗失", by=clerk)
    html = html_of(words_of(again.paper, again, "a5"))
    assert again.paper.intact and again.paper.content == before and owner in html
    assert [word for word in ("张又明", "改名的小区", "改名的公司", "改过的话") if word in html] == []


def test_what_an_owner_is_called_is_not_read_as_a_text(estate, clerk, manager):
    household = household_owing(estate)
    reword(estate, KEY, "交款人 {{交款人}}", by=manager)
    payment = pay(household, 51048, clerk, payer_name="{{大写}}{% now %}")
    assert "交款人 {{大写}}{% now %}" in payment.paper.content["remarks"]


def test_a_void_slip_says_its_own_text(estate, clerk, manager):
    payment = pay(household_owing(estate), 51048, clerk)
    reword(estate, "void_remarks", "收据 {{收据号码}} 从此无效", by=manager)
    void = void_receipt(ask_void(payment, goes=ReceiptVoid.Goes.CREDIT, reason=ReceiptVoid.Reason.AMOUNT, words="多收了", by=clerk), by=manager)
    assert void.paper.content["said"] == f"多收了　收据 {payment.paper.number} 从此无效"


def test_whose_page_is_older_overwrites_nothing(estate, manager, admin):
    reword(estate, KEY, "第一版", edition=0, by=manager)
    with pytest.raises(Refused, match="陈静刚改过，现在是第 1 版"):
        reword(estate, KEY, "另一版", edition=0, by=admin)
    assert Wording.of(estate, KEY) == "第一版"
    assert reword(estate, KEY, "另一版", edition=1, by=admin).edition == 2


def test_what_changes_nothing_is_no_edition(estate, manager):
    reword(estate, KEY, "第一版", by=manager)
    with pytest.raises(Refused, match="没有改动"):
        reword(estate, KEY, " 第一版 ", by=manager)


# --- phrases and handbook ---------------------------------------------------------------------------------------------

def test_a_new_estate_has_every_phrase_and_every_page(estate, other_estate):
    for each in (estate, other_estate):
        rows = Wording.objects.of(each).in_use()
        assert {(r.kind, r.key, r.group, r.title, r.text, r.edition) for r in rows} == {(*d, 1) for d in delivered.every()}
    assert rows.of_kind("phrase").count() == 17 and rows.of_kind("page").count() == 13


def test_the_decks_phrases_are_there_word_for_word(estate):
    said = "\n".join(row.text for row in Wording.objects.of(estate).of_kind("phrase"))
    for phrase in ("您好，{{公司}}", "您找的x先生（小姐）名字叫什么？请您稍等", "能否留下您的联系方式，一会让他（她）和您联系",
                   "一会我们会让相关专业人员给您回复。", "二位先生好！", "二位小姐好", "各位下午好", "大家早上好！", "×小姐好！"):
        assert phrase in said


def test_the_same_estate_again_gets_nothing_twice(estate):
    fill_texts(estate, by=User.system())
    assert Wording.objects.of(estate).count() == len(delivered.every())


def test_a_phrase_of_ones_own_is_written_changed_and_withdrawn(estate, manager):
    row = write_text(estate, "phrase", title="来看房的", group="来访", text="您好，看房请找{{公司}}", by=manager)
    newer = reword(estate, row.key, "您好，请这边坐", title="来看房的人", note="短一点", edition=1, by=manager)
    gone = withdraw_text(newer, by=manager)
    assert (newer.edition, newer.title, newer.group, gone.edition, gone.withdrawn) == (2, "来看房的人", "来访", 3, True)
    assert not Wording.objects.of(estate).in_use().filter(key=row.key).exists()
    with pytest.raises(Refused, match="已经停用"):
        withdraw_text(newer, by=manager)
    assert reword(estate, row.key, "您好，请这边坐", by=manager).edition == 4 and Wording.objects.of(estate).in_use().filter(key=row.key).exists()
    assert [e.words for e in Entry.objects.of(estate).order_by("-pk")[:4]][::-1] == [
        "新写话术「来看房的」", "修改话术「来看房的人」，第 2 版，短一点", "停用话术「来看房的人」", "修改话术「来看房的人」，第 4 版"]


@pytest.mark.parametrize("field, value, sentence", [("title", "", "标题"), ("group", " ", "分组"), ("text", "　", "内容"),
                                                    ("text", "{{业主}}好", "没有「业主」"), ("text", "长" * 301, "最多 300 字"),
                                                    ("title", "a\u202eb", "控制字符")])
def test_a_phrase_that_can_not_be_is_refused(estate, manager, field, value, sentence):
    words = {"title": "情形", "group": "电话", "text": "您好"} | {field: value}
    with pytest.raises(Refused) as refused:
        write_text(estate, "phrase", by=manager, **words)
    assert sentence in str(refused.value) and field in refused.value.message_dict


def test_a_papers_text_is_never_withdrawn(estate, manager):
    row = reword(estate, KEY, "第一版", by=manager)
    with pytest.raises(Refused, match="可以改成空的"):
        withdraw_text(row, by=manager)
    assert reword(estate, KEY, "", by=manager).text == ""


def test_one_estates_words_are_not_the_others(estate, other_estate, manager):
    reword(estate, "phrase.phone-first", "您好，银河国际", by=manager)
    assert Wording.objects.of(other_estate).in_use().get(key="phrase.phone-first").text == "您好，{{公司}}"


def test_what_came_with_the_program_is_still_known(estate, manager):
    changed = reword(estate, "page.keys", "先看证件。", by=manager)
    assert as_delivered(changed).startswith("1. 业主前来借、领钥匙时")
    assert as_delivered(write_text(estate, "page", title="新", group="流程", text="页", by=manager)) is None
