"""One payment, exactly once, for what the page showed; sums to the fen (DOMAIN §2 Payments, §9.4; TRUST 2, 3, 5)."""
from datetime import timedelta

import pytest

from billing.cashier import collect_payment, credit_left, shown, use_credit, waiting_credit
from billing.explain import open_lines
from billing.models import Charge, Payment, Shift
from billing.run import bill_month
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.staff.models import User
from servicecentre.worklog.models import Done, Entry
from tests.factories import make_household

from .till import ANY, demand_sums_agree, dues, household_owing, lines, pay


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def travel(monkeypatch):
    """travel(minutes=11): the clock goes on by so much."""
    def on(**by):
        later = periods.now() + timedelta(**by)
        monkeypatch.setattr(periods, "clock", lambda: later)
    return on


def test_all_lines_are_paid_and_the_receipt_says_so(household, clerk):
    payment = pay(household, 51048, clerk, tendered=60000)
    assert dues(household) == [0, 0, 0]
    assert (payment.total, payment.left, payment.tendered, payment.change) == (51048, 0, 60000, 8952)
    content = payment.paper.content
    assert payment.paper.number == f"SJ-{now().year}-000001" and content["number"] == payment.paper.number
    assert [line["amount"] for line in content["lines"]] == [17016] * 3
    assert content["lines"][0] == {"fee": "物业管理服务费", "period_label": "2026年9月", "quantity_label": "89.56 ㎡", "price_label": "1.90",
                                   "percent_label": "100%", "amount": 17016}
    assert (content["total"], content["words"], content["still_due"]) == (51048, "伍佰壹拾元肆角捌分", 0)
    assert (content["payer"], content["relation"], content["cashier"], content["unit"]) == ("张明", "", "李婷", "3栋2单元1801")
    entry = Entry.objects.filter(act="billing.collect_payment").latest("pk")
    assert entry.words == f"收费 510.48 元，现金，收据 {payment.paper.number}" and entry.household_no == household.number


def test_a_partial_sum_goes_to_the_oldest_line_first(household, clerk):
    payment = pay(household, 20000, clerk)
    assert dues(household) == [0, 17016 * 2 - 20000, 17016]
    assert [line["fee"] for line in payment.paper.content["lines"]] == ["物业管理服务费", "物业管理服务费（部分）"]
    assert payment.paper.content["still_due"] == 51048 - 20000


def test_the_payer_may_name_the_lines(household, clerk):
    third = lines(household)[2]
    pay(household, 17016, clerk, charges=[third.pk])
    assert dues(household) == [17016, 17016, 0]


def test_what_is_left_over_is_asked_about_then_becomes_credit(household, clerk):
    with pytest.raises(Refused, match="多 0.52 元，收下后转为该户预存") as refused:
        pay(household, 51100, clerk, despite=())
    assert refused.value.unless == "left_over" and not Payment.objects.exists()
    payment = pay(household, 51100, clerk, despite=("left_over",))
    assert (payment.left, credit_left(household)) == (52, 52)
    assert (payment.paper.content["credit_added"], payment.paper.content["credit_left"]) == (52, 52)
    assert "转预存 0.52 元" in Entry.objects.latest("pk").words


def test_money_without_a_bill_is_credit_that_pays_the_next_bill_by_itself(estate, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    payment = pay(household, 20000, clerk)
    assert payment.left == 20000 and payment.paper.content["lines"] == []
    bill_month(estate, BillingMonth.parse("2026-11"), by=User.system())
    payment.refresh_from_db()
    assert dues(household) == [0] and payment.left == 20000 - 17016
    demand_sums_agree(estate)


def test_credit_pays_first_when_the_payer_wants_it(household, clerk):
    pay(household, 3000, clerk, charges=[])
    payment = pay(household, 48048, clerk, use_credit=True, despite=("same_again",))
    assert dues(household) == [0, 0, 0] and credit_left(household) == 0
    content = payment.paper.content
    assert (content["credit_used"], content["total"], sum(line["amount"] for line in content["lines"])) == (3000, 48048, 51048)
    assert "用预存 30.00 元" in Entry.objects.latest("pk").words
    demand_sums_agree(household.estate)


def test_credit_alone_pays_chosen_lines_without_a_number(household, clerk):
    pay(household, 20000, clerk, charges=[])
    used = use_credit(household, charges=[lines(household)[1].pk], by=clerk)
    assert used == household and dues(household) == [17016, 0, 17016] and credit_left(household) == 2984
    assert Paper.objects.count() == 1
    demand_sums_agree(household.estate)


def test_no_credit_or_nothing_chosen_is_said(household, clerk):
    with pytest.raises(Refused, match="没有预存余额"):
        use_credit(household, by=clerk)
    pay(household, 20000, clerk, charges=[])
    with pytest.raises(Refused, match="先勾要抵的费用"):
        use_credit(household, charges=[], by=clerk)


def test_several_methods_in_one_payment(household, clerk):
    payment = collect_payment(household, parts=[("wechat", 40000, "8841"), ("cash", 11048, "")], tendered=20000, payer_name="李玥",
                              payer_relation="relative", remarks="代缴", by=clerk)
    assert list(payment.parts.order_by("pk").values_list("method", "amount", "reference")) == [("wechat", 40000, "8841"), ("cash", 11048, "")]
    assert (payment.tendered, payment.change) == (20000, 8952)
    assert payment.paper.content["parts"] == [{"method": "微信", "amount": 40000, "reference": "8841"},
                                              {"method": "现金", "amount": 11048, "reference": ""}]
    assert (payment.paper.content["relation"], payment.paper.content["remarks"]) == ("亲属", "代缴")


@pytest.mark.parametrize(("parts", "more", "match"), [
    ([], {}, "大于 0"),
    ([("cash", 0, "")], {}, "大于 0"),
    ([("cash", -5, "")], {}, "大于 0"),
    ([("cash", 10**20, "")], {}, "99,999,999.99"),
    ([("cash", 100, ""), ("cash", 100, "")], {}, "同一种方式只填一行"),
    ([("wechat", 17016, "")], {}, "微信单号末 4 位以上"),
    ([("wechat", 17016, "88 41")], {}, "微信单号末 4 位以上"),
    ([("card", 17016, "١٢٣٤")], {}, "刷卡单号末 4 位以上"),
    ([("transfer", 17016, "12345")], {}, "流水号全号"),
    ([("cash", 17016, "")], {"tendered": 17000}, "还差 0.16 元"),
    ([("cash", 17016, "")], {"tendered": 10**11}, "太大"),
    ([("wechat", 17016, "8841")], {"tendered": 17016}, "没有现金"),
    ([("cash", 17016, "")], {"charges": [10**9]}, "不是这一户的"),
])
def test_a_payment_that_makes_no_sense_is_refused_and_writes_nothing(household, clerk, parts, more, match):
    before = Entry.objects.count()
    with pytest.raises(Refused, match=match):
        collect_payment(household, parts=parts, payer_name="张明", by=clerk, **more)
    assert not Payment.objects.exists() and not Shift.objects.exists() and not Paper.objects.exists()
    assert Entry.objects.count() == before and dues(household) == [17016] * 3


def test_lines_of_another_household_are_refused(household, estate, clerk):
    other = household_owing(estate, "1-1-101", 6000)
    with pytest.raises(Refused, match="不是这一户的"):
        pay(household, 17016, clerk, charges=[lines(other)[0].pk])


def test_the_first_payment_opens_the_shift_and_the_second_uses_it(household, clerk, clerk2):
    first, second, third = pay(household, 100, clerk), pay(household, 200, clerk), pay(household, 300, clerk2)
    assert first.shift == second.shift != third.shift
    assert (first.shift.cashier, first.shift.float_fen, first.shift.day) == (clerk, 0, periods.today())
    assert Entry.objects.filter(words__contains="收费开班").count() == 2


def test_a_shift_left_open_yesterday_takes_no_money_of_today(household, clerk, travel):
    first = pay(household, 100, clerk)
    travel(days=1)
    second = pay(household, 200, clerk)
    first.shift.refresh_from_db()
    assert second.shift != first.shift and second.shift.day == periods.today() and first.shift.closed_at
    assert "没有交班" in Entry.objects.filter(row_id=first.shift.pk, row_type="billing.shift").latest("pk").words


def test_a_shift_opened_after_midnight_in_shanghai_is_the_new_days(household, clerk, monkeypatch):
    from datetime import UTC, datetime
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC))
    first = pay(household, 100, clerk)
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 24, 16, 0, 0, tzinfo=UTC))
    second = pay(household, 200, clerk)
    assert (str(first.day), str(second.day), str(second.shift.day)) == ("2026-11-24", "2026-11-25", "2026-11-25")


def test_midnight_inside_a_payment_leaves_it_whole_on_one_day(household, clerk, monkeypatch):
    """Its moment, its day and its shift's day are one day, whenever the clock is read."""
    from datetime import UTC, datetime
    ticks = iter([datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), *(datetime(2026, 12, 31, 16, 0, n, tzinfo=UTC) for n in range(60))])
    monkeypatch.setattr(periods, "clock", lambda: next(ticks))
    payment = pay(household, 100, clerk)
    assert periods.business_day(payment.at) == payment.day == payment.shift.day == periods.business_day(payment.shift.opened_at)
    assert (payment.paper.issued_on, payment.paper.year) == (payment.day, 2026)


def test_the_same_sum_within_minutes_is_asked_about_whoever_takes_it(household, clerk, clerk2, travel):
    first = pay(household, 17016, clerk)
    with pytest.raises(Refused, match=f"李婷 .*刚收过这一户 170.16 元，收据 {first.paper.number}") as refused:
        pay(household, 17016, clerk2, despite=())
    assert refused.value.unless == "same_again" and refused.value.link[1].endswith(f"/payments/{first.pk}/")
    second = pay(household, 17016, clerk2, despite=("same_again",))
    assert "已确认" in Entry.objects.latest("pk").words and second.total == first.total
    travel(minutes=11)
    assert pay(household, 17016, clerk, despite=())


def test_another_sum_or_another_household_is_not_the_same_again(household, estate, clerk):
    pay(household, 17016, clerk)
    pay(household, 17015, clerk, despite=())
    pay(household_owing(estate, "1-1-101", 8956), 17016, clerk, despite=())


def test_a_transfer_number_seen_before_is_asked_about(household, estate, clerk):
    other = household_owing(estate, "1-1-101", 6000)
    pay(household, 17016, clerk, "transfer")
    with pytest.raises(Refused, match="已用这个流水号") as refused:
        pay(other, 11400, clerk, "transfer", despite=())
    assert refused.value.unless == "reference_again"
    pay(other, 11400, clerk, "transfer", despite=("reference_again",))


@pytest.mark.parametrize(("days", "asked"), [(90, True), (91, False)])
def test_a_transfer_number_is_looked_for_three_months_back(household, estate, clerk, travel, days, asked):
    other = household_owing(estate, "1-1-101", 6000)
    pay(household, 17016, clerk, "transfer")
    travel(days=days)
    if asked:
        with pytest.raises(Refused, match="已用这个流水号"):
            pay(other, 11400, clerk, "transfer", despite=())
    else:
        pay(other, 11400, clerk, "transfer", despite=())


def page(household):
    """What a page opened now carries."""
    return shown(open_lines(household), credit_left(household))


def test_a_bill_paid_meanwhile_is_refused_with_who_took_it(household, clerk, clerk2):
    due_shown = page(household)
    first = pay(household, 17016, clerk2)
    with pytest.raises(Refused, match=f"王思远 .*收了 170.16 元，收据 {first.paper.number}.*没有收款"):
        pay(household, 51048, clerk, due_shown=due_shown)
    assert Payment.objects.count() == 1
    assert pay(household, 34032, clerk, due_shown=page(household)).left == 0


def test_a_line_billed_meanwhile_is_refused_with_who_billed_it(household, estate, clerk, manager):
    due_shown = page(household)
    bill_month(estate, BillingMonth.parse("2026-12"), by=manager)
    with pytest.raises(Refused, match="陈静 .*新出账 物业管理服务费 170.16 元"):
        pay(household, 51048, clerk, due_shown=due_shown)


def test_credit_that_came_meanwhile_is_refused_in_words(household, clerk):
    due_shown = page(household)
    pay(household, 5000, clerk, charges=[])
    with pytest.raises(Refused, match="预存余额原来 0.00 元，现在 50.00 元"):
        pay(household, 51048, clerk, due_shown=due_shown)


@pytest.mark.parametrize("text", ["", "x", "1:2", "c:", "1:2;c:0", "1:２,c:0", "c:0,1:2", "1:" + "9" * 5000 + ",c:0"])
def test_what_no_page_of_ours_showed_is_refused(household, clerk, text):
    with pytest.raises(Refused, match="页面已过期"):
        pay(household, 100, clerk, due_shown=text)


def test_a_repeat_gets_the_first_receipt(household, clerk):
    first = pay(household, 17016, clerk, request_key="k" * 32)
    again = pay(household, 17016, clerk, request_key="k" * 32)
    assert again == first and again.is_repeat and not hasattr(first, "is_repeat")
    assert Payment.objects.count() == Paper.objects.count() == 1


def test_a_key_answers_only_its_own_user_and_content(household, estate, clerk, clerk2):
    first = pay(household, 17016, clerk, request_key="k" * 32)
    with pytest.raises(Refused, match="已按另外的内容办好") as other_content:
        pay(household, 17017, clerk, request_key="k" * 32)
    assert other_content.value.link == (first.paper.number, first.get_absolute_url())
    with pytest.raises(Refused, match="已经用过") as other_user:
        pay(household, 17016, clerk2, request_key="k" * 32)
    assert other_user.value.link is None and first.paper.number not in str(other_user.value)
    assert Payment.objects.count() == 1


def test_a_refused_payment_leaves_its_key_free(household, clerk):
    with pytest.raises(Refused):
        pay(household, 51100, clerk, request_key="k" * 32, despite=())
    assert not Done.objects.exists()
    assert pay(household, 51048, clerk, request_key="k" * 32)


def test_a_household_entered_by_mistake_pays_nothing(household, clerk):
    household.voided_at = now()
    household.save(update_fields=["voided_at"])
    with pytest.raises(Refused, match="已作废"):
        pay(household, 100, clerk)


def test_sources_are_used_oldest_first(household, clerk, travel):
    first = pay(household, 1000, clerk, charges=[])
    travel(minutes=1)
    second = pay(household, 2000, clerk, charges=[])
    assert waiting_credit(household) == [first, second]
    use_credit(household, charges=[lines(household)[0].pk], by=clerk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.left, second.left) == (0, 0)
    pay(household, 100, clerk, despite=ANY)
    assert Charge.objects.live().filter(household=household).owed() == 51048 - 3100
    demand_sums_agree(household.estate)
