"""Pages of parking: the plan, a contract signed with its price explained, changed, ended, in lists and on the household's page."""
import re
from datetime import date, datetime

import pytest

from billing import spaces
from billing.models import ParkingContract, ParkingSpace, SpaceKind
from billing.run import bill_month
from servicecentre.files.models import File
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.sheets import open_workbook
from tests.factories import make_household
from tests.files.making import upload


@pytest.fixture(autouse=True)
def november(monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 24, 10, 0, tzinfo=periods.SHANGHAI))


@pytest.fixture
def household(estate):
    return make_household(estate, "4-1-902", owner="高岩")


@pytest.fixture
def l23(estate, clerk):
    return spaces.add_space(estate, number="L-23", kind=SpaceKind.OPEN, place="5 栋南侧", by=clerk)


FORM = {"room": "4栋1单元902", "plate": "苏a·f20913", "brand": "比亚迪", "space_kind": "open", "space": "L-23", "starts_on": "2026-12-01",
        "ends_on": "2027-11-30", "cycle_months": "3m", "licence_seen": "on"}


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_space_is_rented_from_the_plan(desk, household, l23):
    page = desk.get("/billing/parking/?kind=open&space=L-23")
    assert "L-23 空位" in words(page) and "/billing/parking/sign/?space=L-23" in page.content.decode()
    page = desk.get(f"/billing/parking/sign/?space=L-23&household={household.pk}")
    assert 'value="4-1-902"' in page.content.decode() and "L-23 2026-11-24 起没人租" in words(page)
    made = desk.post("/billing/parking/sign/", FORM)
    contract = ParkingContract.objects.get()
    assert made.status_code == 302 and made["Location"].endswith(f"/billing/parking/contracts/{contract.pk}/")
    page = words(desk.get(made["Location"]))
    assert "车位协议 CW-2026-000001" in page and "3 笔，还差 450.00 元" in page and "打印两份" in page and "苏A·F20913" in page
    assert "12-01 起租" in words(desk.get("/billing/parking/?kind=open")) and "L-23 苏A·F20913" in words(desk.get(f"/households/{household.pk}/"))


def test_the_first_cycle_is_explained_before_anybody_signs(desk, household, l23, clerk):
    terms = {name: FORM[name] for name in ("space_kind", "space", "ends_on")} | {"starts_on": "2026-11-20", "cycle_months": "1m"}
    page = words(desk.get("/billing/parking/sign/", terms))
    assert "150 × 1 辆 × 11/30 月 55.00" in page and "签约，首期 55.00 元" in page
    bill_month(household.estate, BillingMonth(2026, 12), by=clerk)
    page = words(desk.get("/billing/parking/sign/", terms))
    assert "首期，连已经出过账的月份" in page and "签约，首期 205.00 元" in page and "2027年1月起按月出账接着出" in page
    assert "选好种类、起止和怎么付" in words(desk.get("/billing/parking/sign/", terms | {"starts_on": "昨天"}))


@pytest.mark.parametrize("changes, sentence", [
    ({"room": "4-1-999"}, "没有这套房"), ({"space": "L-99"}, "没有这个车位号"), ({"plate": "苏AI2345"}, "车牌里没有字母 I"),
    ({"starts_on": "2024-12-01"}, "该月无业主"), ({"cycle_months": "2m"}, "请选怎么付"),
    ({"space_kind": ""}, "请选种类"), ({"space_kind": "shared"}, "L-23 是露天车位")])
def test_what_is_wrong_is_told_beside_its_field_and_kept(desk, household, l23, changes, sentence):
    page = desk.post("/billing/parking/sign/", FORM | changes)
    assert page.status_code == 200 and sentence in words(page) and 'value="比亚迪"' in page.content.decode()
    assert not ParkingContract.objects.exists()


@pytest.fixture
def contract(household, l23, clerk):
    return spaces.sign_contract(household, space_kind=SpaceKind.OPEN, space=l23, starts_on=date(2026, 11, 1), ends_on=date(2026, 12, 10), cycle_months=1,
                                plate="苏AF20913", by=clerk)


def test_the_proof_of_a_dedicated_space_is_kept_with_the_contract(desk, estate, household, clerk):
    spaces.add_space(estate, number="D-1", kind=SpaceKind.DEDICATED, by=clerk)
    sent = FORM | {"space_kind": "dedicated", "space": "D-1", "proof": "不动产权第 0012345 号", "files": upload(name="权证.jpg")}
    assert desk.post("/billing/parking/sign/", sent).status_code == 302
    contract, file = ParkingContract.objects.get(), File.objects.get()
    assert list(File.objects.attached_to(contract)) == [file] and (file.right, file.household_no) == ("billing.view_parking", household.number)
    assert "证明、协议的照片 1 件" in words(desk.get(f"/billing/parking/contracts/{contract.pk}/"))
    assert file.get_absolute_url() in desk.get(f"/files/parking_contract/{contract.pk}/").content.decode()


def test_a_proof_that_is_no_picture_is_told_beside_its_field(desk, estate, household, clerk):
    spaces.add_space(estate, number="D-1", kind=SpaceKind.DEDICATED, by=clerk)
    sent = FORM | {"space_kind": "dedicated", "space": "D-1", "proof": "不动产权第 0012345 号", "files": upload(b"no picture", name="权证.jpg")}
    assert desk.post("/billing/parking/sign/", sent).status_code == 200 and not ParkingContract.objects.exists() and not File.objects.exists()


def test_it_is_changed_and_ended_on_its_pages(desk, estate, contract, clerk):
    spaces.add_space(estate, number="L-31", kind=SpaceKind.OPEN, by=clerk)
    at = f"/billing/parking/contracts/{contract.pk}"
    for page, data in (("vehicle", {"plate": "苏A88888", "from_day": "2026-11-24", "reason": "换新车", "version": 1}),
                       ("space", {"space": "L-31", "from_day": "2026-11-24", "reason": "漏水", "version": 2}),
                       ("end", {"last_day": "2026-11-24", "reason": "卖车", "version": 3})):
        assert desk.post(f"{at}/{page}/", data).status_code == 302, page
    page = words(desk.get(f"{at}/"))
    assert "提前终止" in page and "苏A·88888" in page and "L-31" in page and "退没用的整天 30.00 元" in page                # 150 − 150 × 24/30
    assert "已取消" not in page and "刚才" in words(desk.post(f"{at}/end/", {"last_day": "2026-11-25", "reason": "卖车", "version": 3}))


def test_lists_and_excel(desk, contract, manager_desk):
    page = words(desk.get("/billing/parking/contracts/?show=ending"))
    assert "30 天内到期 1 份" in page and "2026-12-10" in page and "高岩" in page
    assert "12-10 到期" in words(desk.get("/billing/parking/?kind=open"))
    sheet = open_workbook(desk.get("/billing/parking/contracts.xlsx?show=ending").content)[0]
    assert sheet.rows[1][:4] == ["CW-2026-000001", "露天", "L-23", "4-1-902"]
    assert not any("高岩" in str(cell) or "F20913" in str(cell) for row in sheet.rows for cell in row)


def test_renewing_takes_over_what_was_agreed(desk, contract):
    page = desk.get(f"/billing/parking/contracts/{contract.pk}/renew/").content.decode()
    assert 'value="2026-12-11"' in page and 'value="L-23"' in page and "苏A·F20913" in page
    sent = FORM | {"starts_on": "2026-12-11", "ends_on": "2027-12-10", "plate": "苏AF20913"}
    assert desk.post(f"/billing/parking/contracts/{contract.pk}/renew/", sent).status_code == 302
    assert ParkingContract.objects.get(renews=contract).starts_on == date(2026, 12, 11)


def test_spaces_are_entered_and_taken_out_of_use(desk, estate):
    assert desk.post("/billing/parking/spaces/add/", {"number": "L-33", "kind": "open", "state": "to_let"}).status_code == 302
    space = ParkingSpace.objects.get()
    sent = {"state": "out", "remark": "充电桩", "version": 1}
    assert desk.post(f"/billing/parking/spaces/{space.pk}/change/", sent).status_code == 302
    assert "充电桩" in words(desk.get("/billing/parking/?kind=open")) and "停用" in words(desk.get(f"/billing/parking/spaces/{space.pk}/"))


def test_an_overdue_one_stands_out(desk, contract, monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 12, 6, 10, 0, tzinfo=periods.SHANGHAI))
    assert "欠 1 月" in words(desk.get("/billing/parking/?kind=open")) and "欠费 1 个" in words(desk.get("/billing/parking/"))
    assert "高岩" in words(desk.get("/billing/parking/contracts/?show=unpaid"))
