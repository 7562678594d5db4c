"""The counter's pages: a payment through the form, what is refused, a void by two; and that looking changes nothing."""
import re
from datetime import timedelta

import pytest

from billing.models import Payment, ReceiptVoid, Shift
from billing.receipts import ask_void, void_receipt
from households.people import add_tenant
from households.standing import give_instruction
from servicecentre.kit.periods import today
from tests.factories import make_household

from .till import dues, household_owing, lines, pay


@pytest.fixture
def household(estate):
    return household_owing(estate)


def form_of(response):
    """What the page's till would send, as the browser sees it."""
    html = response.content.decode()
    value = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html))
    return {"request_key": value["request_key"], "due_shown": value["due_shown"], "method": "cash", "payer_name": "张明", "payer_relation": "owner",
            "charges": re.findall(r'name="charges" value="([0-9]+)"[^>]* checked', html)}


def open_till(desk, household):
    response = desk.get(f"/billing/households/{household.pk}/collect/")
    assert response.status_code == 200
    return form_of(response)


def take(desk, household, data):
    return desk.post(f"/billing/households/{household.pk}/collect/", data)


def test_a_payment_from_page_to_receipt(desk, household):
    data = open_till(desk, household) | {"tendered": "600"}
    response = take(desk, household, data)
    payment = Payment.objects.get()
    assert response.status_code == 302 and response.url.endswith(f"/billing/payments/{payment.pk}/done/")
    done = desk.get(response.url).content.decode()
    assert "已收 510.48 元" in done and payment.paper.number in done and "89.52" in done
    assert f'data-print-url="/e/galaxy1/papers/{payment.paper_id}/pdf/1/"' in done
    assert dues(household) == [0, 0, 0]


def test_a_second_click_shows_the_first_receipt(desk, household):
    data = open_till(desk, household)
    first, second = take(desk, household, data), take(desk, household, data)
    assert first.url == second.url and Payment.objects.count() == 1
    assert "已办理：这一笔刚才已收" in desk.get(second.url).content.decode()


def test_back_and_another_sum_on_the_old_page_is_told_with_a_link_and_gets_a_new_key(desk, household):
    data = open_till(desk, household)
    take(desk, household, data)
    response = take(desk, household, data | {"amount": "100"})
    html = response.content.decode()
    payment = Payment.objects.get()
    assert "已按另外的内容办好" in html and payment.get_absolute_url() in html
    assert form_of(response)["request_key"] != data["request_key"]


def test_another_clerks_key_is_refused_without_a_link(desk, desk_of, clerk2, household):
    data = open_till(desk, household)
    take(desk, household, data)
    html = take(desk_of(clerk2), household, data).content.decode()
    assert "已经用过" in html and Payment.objects.count() == 1


def test_a_bill_changed_since_shown_is_409_with_what_changed_and_all_that_was_typed(desk, household, clerk2):
    data = open_till(desk, household) | {"payer_name": "李玥", "remarks": "代缴", "payer_relation": "relative"}
    pay(household, 17016, clerk2)
    response = take(desk, household, data)
    html = response.content.decode()
    assert response.status_code == 409 and Payment.objects.count() == 1
    assert "王思远" in html and "账变了" in html and 'value="李玥"' in html and 'value="代缴"' in html
    fresh = form_of(response)
    assert fresh["due_shown"] != data["due_shown"] and fresh["request_key"] == data["request_key"] and len(fresh["charges"]) == 2
    assert take(desk, household, data | fresh).status_code == 302


def test_a_partial_sum_by_wechat(desk, household):
    take(desk, household, open_till(desk, household) | {"amount": "￥２００．００ 元", "method": "wechat", "ref_wechat": "8841"})
    payment = Payment.objects.get()
    assert (payment.total, payment.parts.get().method, payment.parts.get().reference) == (20000, "wechat", "8841")
    assert dues(household) == [0, 14032, 17016]


def test_several_methods_must_sum_to_what_is_taken(desk, household):
    data = open_till(desk, household) | {"part_wechat": "400", "ref_wechat": "8841", "part_cash": "110", "tendered": "120"}
    html = take(desk, household, data).content.decode()
    assert "各种方式合计 510.00 元，比本次收的 510.48 元少 0.48 元" in html and not Payment.objects.exists()
    assert 'value="400.00"' in html
    take(desk, household, data | {"part_cash": "110.48"})
    assert Payment.objects.get().change == 952


def test_left_over_is_asked_for_just_that_doubt(desk, household):
    data = open_till(desk, household) | {"amount": "600"}
    html = take(desk, household, data).content.decode()
    assert "多 89.52 元" in html and 'name="despite" value="left_over"' in html and not Payment.objects.exists()
    take(desk, household, data | {"despite": "same_again"})
    assert not Payment.objects.exists()
    take(desk, household, data | {"despite": "left_over"})
    assert Payment.objects.get().left == 8952
    again = take(desk, household, open_till(desk, household) | {"amount": "600", "despite": "left_over"}).content.decode()
    assert 'name="despite" value="same_again"' in again and Payment.objects.get().paper.number in again


@pytest.mark.parametrize(("typed", "sentence"), [
    ("1_000", "请输入金额"), ("٣٤", "请输入金额"), ("1e3", "请输入金额"), ("0x1F", "请输入金额"), ("1,40", "请输入金额"), ("NaN", "请输入金额"),
    ("Infinity", "请输入金额"), ("-0", "金额要大于 0"), ("-5", "金额要大于 0"), ("0", "金额要大于 0"), ("170.165", "最多两位小数"),
    ("99,999,999,999", "99,999,999.99"), ("1" + "0" * 20, "99,999,999.99"), ("9" * 5000, "99,999,999.99"),
])
@pytest.mark.parametrize("name", ["amount", "tendered", "part_cash"])
def test_what_is_no_sum_of_money_is_told_beside_the_field(desk, household, name, typed, sentence):
    response = take(desk, household, open_till(desk, household) | {name: typed})
    assert response.status_code == 200 and sentence in response.content.decode() and not Payment.objects.exists()


@pytest.mark.parametrize(("change", "sentence"), [
    ({"payer_name": "   "}, "请填写"), ({"payer_name": "\u3000"}, "请填写"), ({"payer_name": "张\x00明"}, "控制字符"),
    ({"payer_name": "张\u202e明"}, "控制字符"),
    ({"payer_name": "长" * 61}, "最多 60 字"), ({"remarks": "长" * 61}, "最多 60 字"), ({"method": "gold"}, "选择"), ({"payer_relation": "x"}, "选择"),
    ({"method": "transfer"}, "流水号全号"), ({"method": "card", "ref_card": "１２３"}, "末 4 位以上"), ({"charges": ["999999999"]}, "不在这一页上"),
    ({"charges": []}, "先勾要收的费用"), ({"due_shown": "1:1,c:0 "}, ""), ({"due_shown": "x"}, "页面已过期"), ({"due_shown": ""}, "页面已过期"),
    ({"amount": ["100", "200"]}, "两个值"), ({"tendered": ["1", "2"]}, "两个值"), ({"method": ["cash", "wechat"]}, "两个值"),
    ({"payer_name": ["a", "b"]}, "两个值"),
])
def test_what_cannot_be_is_told_and_writes_nothing(desk, household, change, sentence):
    response = take(desk, household, open_till(desk, household) | change)
    assert response.status_code in (200, 409) and sentence in response.content.decode()
    assert not Payment.objects.exists() and not Shift.objects.exists()


def test_fields_that_the_form_does_not_have_are_ignored(desk, household, clerk):
    take(desk, household, open_till(desk, household) | {"cashier": "999", "estate": "999", "total": "1", "left": "5", "paper": "7", "voided_at": "2026-01-01"})
    payment = Payment.objects.get()
    assert (payment.cashier, payment.estate, payment.total, payment.left, payment.voided_at) == (clerk, household.estate, 51048, 0, None)


def test_hostile_names_are_shown_letter_by_letter(desk, household):
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    take(desk, household, open_till(desk, household) | {"payer_name": evil, "remarks": "=1+1"})
    payment = Payment.objects.get()
    for path in (f"/billing/payments/{payment.pk}/", f"/billing/payments/{payment.pk}/done/", "/billing/payments/", "/billing/counter/"):
        html = desk.get(path).content.decode()
        assert "<script>alert" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in html


def test_credit_can_pay_first_or_alone(desk, household, clerk):
    pay(household, 20000, clerk, charges=[])
    page = desk.get(f"/billing/households/{household.pk}/collect/").content.decode()
    assert "先用预存 200.00 元抵" in page
    data = open_till(desk, household)
    response = desk.post(f"/billing/households/{household.pk}/use-credit/", data | {"charges": data["charges"][:1]})
    assert response.status_code == 302 and dues(household) == [0, 17016, 17016] and Payment.objects.count() == 1
    take(desk, household, open_till(desk, household) | {"use_credit": "on"})
    assert dues(household) == [0, 0, 0] and Payment.objects.latest("pk").total == 34032 - 2984


def test_credit_that_covers_all_takes_no_money(desk, household, clerk):
    pay(household, 60000, clerk, charges=[])
    html = take(desk, household, open_till(desk, household) | {"use_credit": "on"}).content.decode()
    assert "按「只用预存抵」" in html and Payment.objects.count() == 1


def test_using_credit_on_a_stale_page_says_so(desk, household, clerk, clerk2):
    pay(household, 20000, clerk, charges=[])
    data = open_till(desk, household)
    pay(household, 17016, clerk2)
    response = desk.post(f"/billing/households/{household.pk}/use-credit/", data)
    assert response.status_code == 409 and "账变了" in response.content.decode()


def test_a_household_without_bills_may_leave_credit(desk, estate):
    household = make_household(estate, "1-1-101")
    assert "没有未缴费用" in desk.get(f"/billing/households/{household.pk}/collect/").content.decode()
    take(desk, household, open_till(desk, household) | {"amount": "300", "despite": "left_over"})
    assert Payment.objects.get().left == 30000


@pytest.mark.parametrize(("address", "kept"), [
    ("/e/galaxy1/movein/7/", True), ("https://evil.example/e/galaxy1/", False), ("//evil.example/e/galaxy1/", False), ("/\\evil.example", False),
    ("https:///evil.example", False), ("/e/lotus2/x/", False), ("/e/galaxy1/../lotus2/", False), ("javascript:alert(1)", False), ("", False),
])
def test_the_way_back_stays_inside_the_estate(desk, household, address, kept):
    page = desk.get(f"/billing/households/{household.pk}/collect/", {"next": address}).content.decode()
    assert ("回到办理的那一步" in page) is kept
    response = take(desk, household, open_till(desk, household) | {"next": address})
    done = desk.get(response.url).content.decode()
    assert ("回到办理的那一步" in done) is kept and "evil" not in done


def test_the_lines_explain_themselves(desk, household):
    html = desk.get(f"/billing/households/{household.pk}/collect/").content.decode()
    assert "170.164" in html and "1.9 元/㎡·月" in html and "四舍五入到分" in html and "依据 前期物业服务合同" in html and "系统" in html


def test_the_day_is_filtered_and_summed_by_method(desk, manager_desk, household, clerk, clerk2):
    pay(household, 1000, clerk)
    wechat = pay(household, 2000, clerk2, "wechat")
    html = manager_desk.get("/billing/payments/").content.decode()
    assert "30.00" in html and wechat.paper.number in html
    assert manager_desk.get("/billing/payments/", {"method": "wechat"}).content.decode().count("SJ-") == 1
    assert manager_desk.get("/billing/payments/", {"cashier": clerk.pk}).content.decode().count("SJ-") == 1
    assert manager_desk.get("/billing/payments/", {"state": "void"}).content.decode().count("SJ-") == 0
    assert "没有这样的收款" in manager_desk.get("/billing/payments/", {"on": "2025-01-01"}).content.decode()


@pytest.mark.parametrize("query", [{"on": "x"}, {"on": "2026-02-30"}, {"page": "-1"}, {"page": "9e9"}, {"sort": "password"}, {"cashier": "x"}, {"method": "x"}])
def test_filters_of_nonsense_are_no_errors(manager_desk, estate, query):
    assert manager_desk.get("/billing/payments/", query).status_code == 200


def test_the_cash_that_should_be_there_is_not_shown_to_who_counts_it(desk, manager_desk, household, clerk):
    pay(household, 1234, clerk)
    assert "点款后显示" in desk.get("/billing/payments/").content.decode()
    assert "点款后显示" not in manager_desk.get("/billing/payments/").content.decode()


def test_the_account_shows_bills_and_receipts(desk, household, clerk):
    payment = pay(household, 20000, clerk)
    html = desk.get(f"/billing/households/{household.pk}/account/").content.decode()
    assert "已缴" in html and "已收一部分" in html and "310.48" in html
    assert payment.paper.number in desk.get(f"/billing/households/{household.pk}/account/", {"show": "receipts"}).content.decode()


def ask(desk, payment, **data):
    return desk.post(f"/billing/payments/{payment.pk}/void/", {"reason": "amount", "words": "多收", "goes": "credit",
                                                               "copies": ["customer", "stub", "ledger"], "request_key": "a" * 32} | data)


def test_a_void_from_asking_to_decision(desk, manager_desk, household, clerk):
    payment = pay(household, 51048, clerk)
    response = ask(desk, payment, copies=["stub"])
    void = ReceiptVoid.objects.get()
    assert response.url.endswith(void.get_absolute_url()) and (void.copies_back, void.words) == (1, "多收（缺客户联、记账联）")
    assert "由主管批准" in desk.get(f"/billing/voids/{void.pk}/").content.decode()
    assert desk.post(f"/billing/voids/{void.pk}/approve/", {}).status_code == 403
    page = manager_desk.get(f"/billing/voids/{void.pk}/").content.decode()
    assert "作废收据 510.48 元" in page and "不齐" in page
    assert manager_desk.get("/billing/voids/").content.decode().count(payment.paper.number) == 1
    manager_desk.post(f"/billing/voids/{void.pk}/approve/", {"request_key": "b" * 32})
    void.refresh_from_db()
    done = manager_desk.get(f"/billing/voids/{void.pk}/").content.decode()
    assert void.approved and void.paper.number in done and "转为该户预存" in done
    assert "已作废" in desk.get(f"/billing/payments/{payment.pk}/").content.decode()
    assert "已经作废" in desk.get(f"/billing/payments/{payment.pk}/void/").content.decode()


def test_a_void_may_be_refused_with_a_reason(desk, manager_desk, household, clerk):
    ask(desk, pay(household, 17016, clerk))
    void = ReceiptVoid.objects.get()
    assert "请填写" in manager_desk.post(f"/billing/voids/{void.pk}/refuse/", {"refusal": " "}).content.decode()
    manager_desk.post(f"/billing/voids/{void.pk}/refuse/", {"refusal": "联没带来"})
    page = desk.get(f"/billing/payments/{void.payment_id}/").content.decode()
    assert "未批准" in page and "联没带来" in page and "申请作废" in page


def test_the_one_who_took_the_money_sees_why_another_must_approve(household, estate, clerk, desk_of):
    from servicecentre.roles import Role
    from tests.conftest import person_at
    both = person_at(estate, "both", "孙莉", Role.CLERK, Role.MANAGER)
    void = ask_void(pay(household, 17016, both), reason="amount", words="多收", goes="credit", by=clerk)
    page = desk_of(both).get(f"/billing/voids/{void.pk}/").content.decode()
    assert "您不能批准" in page and "您开的" in page and "作废收据 170.16 元" not in page


def test_a_reissue_to_another_household_through_the_form(desk, manager_desk, household, estate, clerk):
    other = household_owing(estate, "1-1-101", 8956)
    payment = pay(household, 17016, clerk)
    looked = ask(desk, payment, goes="reissue", room="1栋1单元101", look="1").content.decode()
    assert not ReceiptVoid.objects.exists() and "1-1-101 作废后未缴的费用" in looked
    response = ask(desk, payment, goes="reissue", room="1-1-101", total="170.16", method="cash", charges=[lines(other)[0].pk], payer_name="张明",
                   payer_relation="owner")
    assert response.status_code == 302
    void = ReceiptVoid.objects.get()
    assert "与原收据相同" in manager_desk.get(f"/billing/voids/{void.pk}/").content.decode()
    manager_desk.post(f"/billing/voids/{void.pk}/approve/", {})
    assert dues(other) == [0, 17016, 17016] and dues(household) == [17016] * 3
    assert "代替作废的收据" in desk.get(f"/billing/payments/{Payment.objects.latest('pk').pk}/").content.decode()


@pytest.mark.parametrize(("change", "sentence"), [
    ({"reason": ""}, "选一个原因"), ({"words": " "}, "请填写"), ({"goes": "elsewhere"}, "选择"), ({"goes": "reissue", "room": "9-9-999"}, "没有这一户"),
    ({"goes": "reissue", "room": "???"}, "看不出是哪一户"), ({"goes": "reissue", "method": "cash"}, "填实际收到多少"),
    ({"goes": "reissue", "method": "wechat", "total": "170.16"}, "微信单号"),
    ({"goes": "reissue", "total": "170.16", "charges": ["999999999"]}, "不是这一户的"),
    ({"reason": ["amount", "other"]}, "两个值"),
])
def test_an_asking_that_says_too_little_is_refused_and_kept(desk, household, clerk, change, sentence):
    response = ask(desk, pay(household, 17016, clerk), **change)
    assert response.status_code == 200 and sentence in response.content.decode() and not ReceiptVoid.objects.exists()


def test_a_lower_receipt_in_place_of_a_voided_one_stands_out(manager_desk, household, clerk, manager):
    first = pay(household, 51048, clerk)
    void = ask_void(first, reason="amount", words="多收", goes="back", by=clerk)
    void_receipt(void, by=manager)
    second = pay(household, 17016, clerk)
    page = manager_desk.get(f"/billing/voids/{void.pk}/").content.decode()
    assert second.paper.number in page and "−340.32" in page


def test_money_back_is_offered_on_its_own_day_only_and_reissue_only_to_who_collects(desk, manager_desk, household, clerk):
    payment = pay(household, 17016, clerk)
    assert 'value="back"' in desk.get(f"/billing/payments/{payment.pk}/void/").content.decode()
    assert 'value="reissue"' not in manager_desk.get(f"/billing/payments/{payment.pk}/void/").content.decode()


@pytest.mark.parametrize("first, last", [(3, 300), (-9, -1)])
def test_before_and_after_the_lease_the_owner_is_the_proposed_payer_and_the_tenant_is_not_counted(desk, household, clerk, first, last):
    lease = {"lease_from": today() + timedelta(days=first), "lease_to": today() + timedelta(days=last)}
    before = desk.get(f"/households/{household.pk}/").content.decode()
    add_tenant(household, name="罗平", fee_payer="tenant", by=clerk, **lease)
    form = desk.get(f"/billing/households/{household.pk}/collect/").context["form"]
    assert form["payer_relation"].value() == "owner" and "罗平" not in form["payer_name"].value()
    page = desk.get(f"/households/{household.pk}/").content.decode()
    assert '<span class="n">1 人</span>' in before and '<span class="n">1 人</span>' in page and "罗平" in page
    assert f"租期还没开始，{lease['lease_from']} 起" in page or "租期已过" in page


def test_a_tenant_who_pays_is_the_proposed_payer_and_the_owners_wish_is_red(desk, household, clerk):
    path = f"/billing/households/{household.pk}/collect/"
    assert desk.get(path).context["form"]["payer_name"].value() == household.owner_names
    add_tenant(household, name="罗平", lease_from=today(), fee_payer="tenant", by=clerk)
    give_instruction(household, words="收据要交到业主本人手里", given_by="业主", starts_on=today(), moment="collect", by=clerk)
    page = desk.get(path)
    form = page.context["form"]
    assert (form["payer_name"].value(), form["payer_relation"].value()) == ("罗平", "tenant")
    assert "收据要交到业主本人手里" in page.content.decode()


def test_looking_costs_the_same_for_three_and_thirty_lines(desk, estate, clerk, django_assert_max_num_queries):
    few, many = household_owing(estate, "1-1-101", months=("2026-11",)), household_owing(
        estate, "1-1-102", months=[f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 12)])
    for household in (few, many):
        pay(household, 100, clerk)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    counts = {}
    for path in ("/billing/households/{}/collect/", "/billing/households/{}/account/"):
        for household in (few, many):
            with CaptureQueriesContext(connection) as queries:
                desk.get(path.format(household.pk))
            counts.setdefault(path, []).append(len(queries))
    assert all(a == b for a, b in counts.values()), counts


def test_another_estates_rows_are_not_there(desk, other_estate, other_clerk):
    theirs = household_owing(other_estate, "1-1-101")
    payment = pay(theirs, 100, other_clerk)
    void = ask_void(payment, reason="amount", words="多收", goes="credit", by=other_clerk)
    for path in (f"households/{theirs.pk}/collect/", f"households/{theirs.pk}/account/", f"payments/{payment.pk}/", f"payments/{payment.pk}/done/",
                 f"payments/{payment.pk}/void/", f"voids/{void.pk}/"):
        assert desk.get(f"/billing/{path}").status_code == 404
    assert desk.post(f"/billing/households/{theirs.pk}/collect/", {}).status_code == 404
    assert "SJ-" not in desk.get("/billing/payments/").content.decode()


def test_the_summary_of_errors_follows_the_page(desk, household):
    html = take(desk, household, open_till(desk, household) | {"amount": "x", "tendered": "y", "payer_name": ""}).content.decode()
    summary = re.search(r"data-errors>.*?</div></div>", html, re.DOTALL)[0]
    assert re.findall(r'href="#id_([a-z_]+)"', summary) == ["amount", "tendered", "payer_name"]


def test_enter_without_a_pressed_button_takes_nothing_and_keeps_what_was_typed(desk, household):
    data = open_till(desk, household) | {"stay": "1", "tendered": "600", "payer_name": "李玥"}
    response = take(desk, household, data)
    html = response.content.decode()
    assert response.status_code == 200 and not response.context["form"].errors and not Payment.objects.exists()
    assert 'value="600.00"' in html and 'value="李玥"' in html
    assert form_of(response)["charges"] == data["charges"]
