"""A month and more of the desk's money, told as stories: each yields the moment of its next act, and one clock plays them all in time's order."""
import heapq
from datetime import timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from billing.ahead import months_ahead, net
from billing.cashier import collect_payment, waiting_credit
from billing.deposit_returns import approve_deposit_return, ask_deposit_return, pay_deposit_return
from billing.deposits import take_deposit
from billing.explain import open_lines
from billing.models import Charge, FeeKind
from billing.one_off import charge_once
from billing.petty_cash import top_up_petty_cash
from billing.prepayments import demand_prepayment
from billing.rebill import approve_rebill, ask_rebill
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, pay_refund
from billing.vacancy import apply_vacancy, approve_vacancy
from billing.vacancy_checks import check_vacancy
from billing.waivers import ask_waiver, waive_charge
from households.models import Household, Unit
from servicecentre.files import storing
from servicecentre.kit.periods import now, today

PHONE = "13900001234"
BROUGHT = {"original_returned": True, "in_person": True, "id_checked": True}


def play(stories, clock_at):
    """Let each story act at the moments that it names, the earliest first; what has not come yet is not played."""
    waiting = [(moment, n, story) for n, story in enumerate(stories) if (moment := next(story, None))]
    heapq.heapify(waiting)
    until = now()
    while waiting and waiting[0][0] <= until:
        moment, n, story = heapq.heappop(waiting)
        with clock_at(moment):
            following = next(story, None)
        if following:
            heapq.heappush(waiting, (max(following, moment), n, story))


def once(moment, work):
    """A story of one act."""
    yield moment
    work()


def stories(estate, people, months, at, but):
    """Those of this estate; ``people`` by account name, ``months`` were billed, ``at(day, hour, minute)`` is a moment; ``but`` not these households."""
    clerks, manager, second = (people["liting"], people["wangsiyuan"]), people["chenjing"], people["liumin"]
    finance, engineer = people["sunfang"], people["zhaoguoqiang"]
    homes = iter(Household.objects.of(estate).live().filter(unit__kind=Unit.Kind.HOME, ends_on=None, starts_on__lt=months[0].first - timedelta(days=240),
                                                            residents=None).exclude(pk__in=but).order_by("-unit__sort"))
    last, first, yesterday = months[-1].first, months[0].first, today() - timedelta(days=1)
    return [
        fills_the_petty_cash(estate, finance, at, first),
        pays_in_parts(next(homes), clerks[0], at, last),
        pays_in_three_ways(next(homes), clerks[1], at, last),
        pays_ahead(next(homes), clerks[0], at, last),
        overpays_and_gets_it_back(next(homes), clerks[0], manager, finance, at, last),
        is_paid_for_another(next(homes), next(homes), clerks[1], manager, at, last),
        is_forgiven_a_little(next(homes), clerks[0], manager, at, last),
        gave_a_closed_account(next(homes), clerks[1], second, finance, at, last, yesterday),
        was_billed_for_another_area(next(homes), clerks[0], manager, at, last),
        complains_of_the_lift(next(homes), clerks[0], at, yesterday),
        renovates(next(homes), clerks, manager, second, finance, engineer, at, months[1].first),
        breaks_a_tile(next(homes), clerks, second, finance, engineer, at, months[1].first),
        wants_the_deposit_back(next(homes), clerks, engineer, at, months[1].first, yesterday),
        waits_for_the_money(next(homes), clerks, manager, at, months[1].first, yesterday),
        leaves_a_deposit_for_a_card(next(homes), clerks[1], at, months[1].first),
        prepays_the_shared_utilities(next(homes), clerks[1], at, last),
        stands_empty(next(homes), clerks[0], manager, engineer, at, months),
        asks_whether_it_is_empty(next(homes), clerks[1], at, last),
    ]


def _owed(household):
    return Charge.objects.of(household.estate).filter(household=household).owed()


def _photo():
    """A wall, as far as a demo needs one."""
    made = BytesIO()
    Image.new("RGB", (320, 240), (176, 168, 158)).save(made, "JPEG")
    return SimpleUploadedFile("墙砖.jpg", made.getvalue())


def _name(household):
    return household.owner_names.split("、")[0][:60]


def fills_the_petty_cash(estate, finance, at, day):
    yield at(day, 9, 30)
    top_up_petty_cash(estate, amount=300_000, reference="HD20260901", by=finance)


def pays_in_parts(household, clerk, at, month):
    """Half now, the rest later."""
    yield at(month + timedelta(days=3), 10, 20)
    if half := _owed(household) // 2:
        collect_payment(household, parts=[("wechat", half, "88410091")], payer_name=_name(household), remarks="先交一半", by=clerk)
        yield at(month + timedelta(days=13), 16, 5)
        rest = _owed(household)
        collect_payment(household, parts=[("cash", rest, "")], tendered=-(-rest // 10_000) * 10_000, payer_name=_name(household), by=clerk)


def pays_in_three_ways(household, clerk, at, month):
    yield at(month + timedelta(days=4), 11, 12)
    if (owed := _owed(household)) > 20_000:
        parts = [("cash", 5_000, ""), ("wechat", 5_000, "66120087"), ("card", owed - 10_000, "4471")]
        collect_payment(household, parts=parts, payer_name="苏敏", payer_relation="relative", by=clerk)


def pays_ahead(household, clerk, at, month):
    """All that is owed, and half a year more."""
    yield at(month + timedelta(days=5), 9, 40)
    due = _owed(household) + net(months_ahead(household, 6))
    collect_payment(household, parts=[("transfer", due, "2026110500917742")], payer_name=_name(household), ahead=6, by=clerk)


def overpays_and_gets_it_back(household, clerk, manager, finance, at, month):
    """Too much by transfer; the rest goes back by three people."""
    yield at(month + timedelta(days=6), 10, 2)
    owed = _owed(household)
    collect_payment(household, parts=[("transfer", owed + 30_000, "2026110600114523")], payer_name=_name(household), by=clerk, despite=("left_over",))
    yield at(month + timedelta(days=8), 14, 30)
    refund = ask_refund(household, amount=sum(source.left for source in waiting_credit(household)), reason="more", words="转账多转了", method="cash",
                        payee_name=_name(household), by=clerk)
    yield at(month + timedelta(days=8), 16, 45)
    refund = approve_refund(refund, by=manager)
    yield at(month + timedelta(days=9), 9, 10)
    pay_refund(refund, by=finance)


def is_paid_for_another(household, other, clerk, manager, at, month):
    """The wrong household: the receipt is void and a new one written for the right one."""
    yield at(month + timedelta(days=7), 15, 20)
    owed = _owed(household)
    payment = collect_payment(household, parts=[("alipay", owed, "30915577")], payer_name=_name(other), by=clerk)
    yield at(month + timedelta(days=7), 15, 32)
    reissue = {"household": other.pk, "charges": None, "parts": [("alipay", owed, "30915577")], "tendered": None, "payer_name": _name(other)}
    void = ask_void(payment, reason="unit", words="报错房号，应为另一户", goes="reissue", reissue=reissue, by=clerk)
    yield at(month + timedelta(days=7), 16, 0)
    void_receipt(void, by=manager)


def is_forgiven_a_little(household, clerk, manager, at, month):
    yield at(month + timedelta(days=9), 10, 15)
    line = next(iter(open_lines(household)), None)
    waiver = ask_waiver(line, amount=min(line.due, 5_000), reason="楼上渗水维修期间，公司同意", by=clerk)
    yield at(month + timedelta(days=9), 17, 0)
    waive_charge(waiver, by=manager)


def gave_a_closed_account(household, clerk, second, finance, at, month, yesterday):
    """The bank sends the refund back; asked for anew, it waits."""
    yield at(month + timedelta(days=10), 10, 25)
    collect_payment(household, parts=[("transfer", _owed(household) + 20_000, "2026111000337781")], payer_name=_name(household), by=clerk,
                    despite=("left_over",))
    asked = {"amount": 20_000, "reason": "more", "words": "转账多转了", "method": "transfer", "payee_name": _name(household), "bank": "南京银行",
             "by": clerk}
    yield at(month + timedelta(days=11), 11, 0)
    refund = ask_refund(household, account_no="6217000011223344", **asked)
    yield at(month + timedelta(days=11), 15, 0)
    refund = approve_refund(refund, by=second)
    yield at(month + timedelta(days=12), 9, 20)
    refund = pay_refund(refund, reference="HD2026111200027", by=finance)
    yield at(month + timedelta(days=14), 9, 40)
    bounce_refund(refund, bounced_words="账户已销户", by=finance)
    yield at(yesterday, 14, 10)
    ask_refund(household, account_no="6217000055667788", **asked)


def was_billed_for_another_area(household, clerk, manager, at, month):
    """A wrong bill, lower by what was asked by one and approved by another."""
    yield at(month + timedelta(days=12), 14, 0)
    line = open_lines(household).last()
    asked = ask_rebill(line, quantity=line.quantity - 300, unit_price=line.unit_price, due_on=line.due_on, reason="面积按产权证少 3 ㎡", by=clerk)
    yield at(month + timedelta(days=12), 16, 30)
    approve_rebill(asked, by=manager)


def complains_of_the_lift(household, clerk, at, yesterday):
    """A waiver that waits for the manager."""
    yield at(yesterday, 16, 15)
    if line := open_lines(household).first():
        ask_waiver(line, amount=min(line.due, 3_000), reason="电梯停用 5 天", basis="张贴的维修通知", by=clerk)


def renovates(household, clerks, manager, second, finance, engineer, at, month):
    """The renovation fee once, a deposit, and the deposit back against its receipt."""
    yield at(month + timedelta(days=5), 9, 20)
    fee = FeeKind.objects.of(household.estate).get(code="renovation")
    charge_once(household, fee_kind=fee, reason="装修申请", by=manager)
    yield at(month + timedelta(days=5), 9, 50)
    collect_payment(household, parts=[("card", _owed(household), "7730")], payer_name=_name(household), by=clerks[0])
    deposit = take_deposit(household, kind="renovation", basis="装修申请", amount=200_000, payer_name=_name(household), payer_phone=PHONE,
                           payer_id_kind="resident", payer_id="320106198806211232", method="wechat", reference="55190042",
                           due_back_on=month + timedelta(days=20), by=clerks[0])
    yield at(month + timedelta(days=24), 10, 10)
    back = ask_deposit_return(deposit, method="same_way", inspected_by=engineer.name, inspected_on=month + timedelta(days=22), by=clerks[1], **BROUGHT)
    yield at(month + timedelta(days=24), 16, 20)
    back = approve_deposit_return(back, by=second)
    yield at(month + timedelta(days=25), 9, 5)
    pay_deposit_return(back, reference="55190042", by=finance)


def breaks_a_tile(household, clerks, second, finance, engineer, at, month):
    """A contractor's deposit, of which a broken tile is taken off, with its photo."""
    yield at(month + timedelta(days=3), 10, 40)
    deposit = take_deposit(household, kind="renovation", basis="装修申请", amount=200_000, payer_name="卢建国", payer_phone="13900005678",
                           payer_id_kind="passport", payer_id="E20815533", method="transfer", reference="2026100400772190", bank="工商银行",
                           account_no="6222000011118812", due_back_on=month + timedelta(days=18), by=clerks[1])
    yield at(month + timedelta(days=21), 9, 45)
    with storing.kept([storing.read(_photo())]) as files:
        tile = {"kind": "damage", "words": "电梯厅墙砖 2 块，按施工报价", "amount": 16_000, "files": files}
        back = ask_deposit_return(deposit, method="transfer", deductions=[tile], inspected_by=engineer.name, inspected_on=month + timedelta(days=20),
                                  by=clerks[0], **BROUGHT)
    yield at(month + timedelta(days=21), 15, 10)
    back = approve_deposit_return(back, by=second)
    yield at(month + timedelta(days=22), 9, 30)
    pay_deposit_return(back, reference="HD2026102300918", by=finance)


def wants_the_deposit_back(household, clerks, engineer, at, month, yesterday):
    """One that waits for the manager."""
    yield at(month + timedelta(days=6), 14, 20)
    deposit = take_deposit(household, kind="renovation", basis="装修申请", amount=200_000, payer_name=_name(household), payer_phone=PHONE,
                           payer_id_kind="passport", payer_id="E30176642", method="card", reference="0917", due_back_on=month + timedelta(days=24),
                           by=clerks[0])
    yield at(yesterday, 10, 5)
    ask_deposit_return(deposit, method="same_way", inspected_by=engineer.name, inspected_on=yesterday, by=clerks[1], **BROUGHT)


def waits_for_the_money(household, clerks, manager, at, month, yesterday):
    """Keys brought back: approved, and finance has not paid."""
    yield at(month + timedelta(days=8), 9, 15)
    deposit = take_deposit(household, kind="key", basis="借储藏室钥匙 2 把", amount=10_000, payer_name=_name(household), payer_phone=PHONE,
                           payer_id_kind="passport", payer_id="E30176643", method="cash", due_back_on=month + timedelta(days=22), by=clerks[1])
    yield at(yesterday, 11, 20)
    back = ask_deposit_return(deposit, method="petty_cash", by=clerks[0], **BROUGHT)
    yield at(yesterday, 15, 40)
    approve_deposit_return(back, by=manager)


def leaves_a_deposit_for_a_card(household, clerk, at, month):
    """Could be had back by now; nobody came."""
    yield at(month + timedelta(days=10), 13, 30)
    take_deposit(household, kind="card", basis="加配门禁卡 1 张", amount=5_000, payer_name=_name(household), payer_phone=PHONE, payer_id_kind="resident",
                 payer_id="320104199107154525", method="cash", due_back_on=month + timedelta(days=26), by=clerk)


def prepays_the_shared_utilities(household, clerk, at, month):
    yield at(month + timedelta(days=11), 10, 40)
    demand_prepayment(household, by=clerk)
    collect_payment(household, parts=[("wechat", _owed(household), "71160038")], payer_name=_name(household), by=clerk)


def stands_empty(household, clerk, manager, engineer, at, months):
    """Empty since long before, applied for in the first month billed, looked at each month since."""
    first = months[0].first
    yield at(first + timedelta(days=2), 9, 30)
    spell = apply_vacancy(household, spell_from=first - timedelta(days=225), proof="never_in", applied_on=first + timedelta(days=2), reason="away",
                          contact="何凤 业主之姐 13900007720", statement=True, by=clerk)
    yield at(first + timedelta(days=3), 10, 0)
    spell = approve_vacancy(spell, approved_from=months[0], approved_to=months[0] + 8, version=spell.version, by=manager)
    for month in months:
        day = month.first + timedelta(days=19)
        yield at(day, 15, 10)
        check_vacancy(spell, month=month, on=day, kind="inspection", words="门口积灰，水表不走", by=engineer)


def asks_whether_it_is_empty(household, clerk, at, month):
    """One that waits for the manager."""
    yield at(month + timedelta(days=16), 11, 25)
    apply_vacancy(household, spell_from=month - timedelta(days=150), proof="never_in", applied_on=month + timedelta(days=16), reason="to_let",
                  contact="业主本人 13900008831", statement=True, by=clerk)
