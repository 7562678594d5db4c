"""The second factor: a code works once, a wrong one makes wait, the password alone opens nothing, and an estate may demand it (TRUST T2, T4)."""
import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django_otp.oath import hotp

from servicecentre.desk.office_people import reset_second_factor
from servicecentre.desk.own_account import begin_second_factor, confirm_second_factor, drop_second_factor
from servicecentre.kit import periods
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff import second_factor
from servicecentre.staff.models import RecoveryCode, SecondFactor, SignIn, StaffPolicy

from ..conftest import person_at
from ..worlds import code_of

PASSWORD = "五月的西瓜-3kg"
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """clock(seconds): so long after nine o'clock."""
    def at(seconds):
        monkeypatch.setattr(periods, "clock", lambda: NINE + timedelta(seconds=seconds))
    at(0)
    return at


@pytest.fixture
def chenjing(manager, clock):
    manager.set_password(PASSWORD)
    manager.save()
    return manager


@pytest.fixture
def codes(chenjing, estate):
    """The recovery codes of a manager who has set it up, at nine o'clock."""
    Client().force_login(chenjing, backend="django.contrib.auth.backends.ModelBackend")
    begin_second_factor(chenjing, estate=estate, by=chenjing)
    done = confirm_second_factor(chenjing, estate=estate, code=code_of(chenjing), here=chenjing.sign_ins.get(), by=chenjing)
    return done.codes


def first_step(browser, user, at="/e/galaxy1/sign-in/", **more):
    return browser.post(at, {"username": user.username, "password": PASSWORD, **more})


def second_step(browser, code, at="/e/galaxy1/sign-in/"):
    return browser.post(at, {"code": code})


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def is_in(browser):
    return browser.get("/e/galaxy1/log/").status_code == 200


def test_the_codes_are_rfc_6238s():
    """Appendix B: SHA-1, the last six digits."""
    key = b"12345678901234567890"
    assert [f"{hotp(key, seconds // 30):06d}" for seconds in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def test_the_password_alone_opens_nothing(codes, chenjing):
    browser = Client()
    answer = first_step(browser, chenjing)
    assert answer.url == "/e/galaxy1/sign-in/?step=code" and not is_in(browser) and "_auth_user_id" not in browser.session
    assert "第二道验证" in words(browser.get(answer.url))


def test_password_and_code_do(codes, chenjing, clock):
    clock(60)
    browser = Client()
    first_step(browser, chenjing, next="/e/galaxy1/log/")
    answer = second_step(browser, code_of(chenjing))
    assert answer.url == "/e/galaxy1/log/" and is_in(browser)
    row = SignIn.objects.filter(ended_at=None).latest("pk")
    assert (row.how, row.factor_at) == ("code", NINE + timedelta(seconds=60))


@pytest.mark.parametrize("steps, good", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_off(codes, chenjing, clock, steps, good):
    clock(600)
    trouble, how = second_factor.trouble(chenjing, code_of(chenjing, steps))
    assert (how == SignIn.How.CODE) is good and bool(trouble) is not good


def test_a_code_works_once_and_none_before_it(codes, chenjing, clock):
    clock(600)
    code, before = code_of(chenjing), code_of(chenjing, -1)
    assert second_factor.trouble(chenjing, code)[1]
    assert second_factor.trouble(chenjing, code)[1] is None and second_factor.trouble(chenjing, before)[1] is None


def test_a_recovery_code_works_once_and_is_kept_as_a_digest(codes, chenjing, clock):
    assert len(set(codes)) == 8 and second_factor.codes_left(chenjing) == 8
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(code in digest or code.replace("-", "") in digest for code in codes for digest in kept)
    assert second_factor.trouble(chenjing, f" {codes[3].upper()} ") == (None, SignIn.How.RECOVERY)
    assert second_factor.trouble(chenjing, codes[3])[1] is None and second_factor.codes_left(chenjing) == 7


def test_the_secret_stands_encrypted_in_the_database(codes, chenjing):
    secret = SecondFactor.objects.get().secret
    assert len(base64.b32decode(secret)) == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM staff_secondfactor")
        assert secret not in cursor.fetchone()[0]


def test_wrong_codes_make_wait_longer_and_longer_from_whatever_address(codes, chenjing, clock):
    clock(600)
    for _ in range(3):
        assert "不对" in second_factor.trouble(chenjing, "000000")[0]
    assert "等 2 秒" in second_factor.trouble(chenjing, "000000")[0]
    clock(602)
    second_factor.trouble(chenjing, "000000")
    assert "等 4 秒" in second_factor.trouble(chenjing, code_of(chenjing))[0]
    clock(606)
    assert second_factor.trouble(chenjing, code_of(chenjing))[1]
    assert SecondFactor.objects.get().failures == 0


def test_five_wrong_ones_at_one_computer_wait_like_wrong_passwords(codes, chenjing, clock):
    browser = Client()
    first_step(browser, chenjing)
    answers = []
    for n in range(5):
        clock(10 + 40 * n)                                                # past the wait of the one before
        answers.append(second_step(browser, "000000"))
    assert [a.status_code for a in answers] == [200, 200, 200, 200, 429] and "先等 15 分钟" in words(answers[4])
    assert second_step(browser, code_of(chenjing)).status_code == 429 and not is_in(browser)
    assert first_step(Client(), chenjing).status_code == 429              # the password's own page says so too
    assert SignIn.objects.filter(went_in=False, how="code").count() == 5


@pytest.mark.parametrize("said", ["", "abc", "１２", "0" * 500, "00\x0000", "'; --", "٤٠٨٣١٦"])
def test_nonsense_is_no_code(codes, chenjing, said):
    browser = Client()
    first_step(browser, chenjing)
    assert second_step(browser, said).status_code == 200 and not is_in(browser)


def test_what_waits_for_a_code_waits_five_minutes_and_not_past_a_new_password(codes, chenjing, clock):
    browser = Client()
    first_step(browser, chenjing)
    clock(301)
    assert second_step(browser, code_of(chenjing)).url == "/e/galaxy1/sign-in/" and not is_in(browser)
    first_step(browser, chenjing)
    chenjing.set_password("六月的荔枝-5kg")
    chenjing.save()
    second_step(browser, code_of(chenjing))
    assert not is_in(browser)


def test_a_code_without_a_password_before_it_is_nothing(codes, chenjing, clock):
    clock(60)
    browser = Client()
    assert second_step(browser, code_of(chenjing)).status_code == 302 and not is_in(browser)


def test_the_sessions_name_changes_at_each_step(codes, chenjing, clock):
    clock(60)
    browser = Client()
    session = browser.session
    session["planted"] = 1
    session.save()
    names = [browser.cookies["sessionid"].value]
    first_step(browser, chenjing)
    names.append(browser.cookies["sessionid"].value)
    second_step(browser, code_of(chenjing))
    names.append(browser.cookies["sessionid"].value)
    assert len(set(names)) == 3


# --- demanded by an estate --------------------------------------------------------------------------------------------

@pytest.fixture
def demanded(estate):
    StaffPolicy.objects.create(estate=estate, second_factor=True)


def test_where_it_is_demanded_a_manager_sets_it_up_before_anything_else(demanded, chenjing, estate, desk_of, clock):
    desk = desk_of(chenjing)
    for path in ("/", "/log/", "/billing/tariff/"):
        assert desk.get(path).url == "/e/galaxy1/account/second-factor/", path
    assert desk.post("/log/remark/", {"words": "先写一条", "request_key": "r"}).url == "/e/galaxy1/account/second-factor/"
    assert "现在的密码不对" in words(desk.post("/account/second-factor/", {"password": "x", "request_key": "a"}))
    assert desk.post("/account/second-factor/", {"password": PASSWORD, "request_key": "b"}).status_code == 302
    page = desk.get("/account/second-factor/").content.decode()
    assert '<svg class="qr' in page and SecondFactor.objects.get().secret[:4] in page
    assert "不对" in words(desk.post("/account/second-factor/", {"code": "000000", "request_key": "c"}))
    assert "恢复码 8 个" in words(desk.post("/account/second-factor/", {"code": code_of(chenjing), "request_key": "d"}))
    assert desk.get("/log/").status_code == 200
    with pytest.raises(Refused, match="不能取消"):
        drop_second_factor(chenjing, estate=estate, by=chenjing)


def test_a_clerk_and_another_estates_manager_are_not_asked(demanded, other_estate, desk_of, clerk):
    assert desk_of(clerk).get("/log/").status_code == 200
    neighbour = person_at(other_estate, "sun", "孙强", Role.MANAGER)
    assert desk_of(neighbour, other_estate).get("/log/").status_code == 200


def test_nobody_becomes_a_manager_with_a_second_factor_by_a_pin(codes, chenjing, clerk, desk_of):
    from servicecentre.staff import pins
    chenjing.pin = pins.Hashed("5091").text
    chenjing.save(update_fields=["pin"])
    desk = desk_of(clerk)
    desk.post("/lock/")
    assert "第二道验证" in words(desk.post("/lock/open/", {"pin": "5091", "person": chenjing.pk}))
    assert desk.get("/log/").status_code == 302


def test_a_lost_phone_is_put_right_by_an_administrator(codes, chenjing, admin, estate):
    reset_second_factor(chenjing, estate=estate, by=admin)
    assert not SecondFactor.objects.exists() and not RecoveryCode.objects.exists()
    browser = Client()
    assert first_step(browser, chenjing).url == "/e/galaxy1/" and is_in(browser)


def test_new_paper_codes_end_the_old_ones(codes, chenjing, desk_of, clock):
    desk = desk_of(chenjing)
    answer = desk.post("/account/second-factor/codes/", {"password": PASSWORD, "request_key": "k"})
    assert "恢复码 8 个" in words(answer) and codes[0] not in answer.content.decode()
    assert second_factor.trouble(chenjing, codes[0])[1] is None
    again = desk.post("/account/second-factor/codes/", {"password": PASSWORD, "request_key": "k"})
    assert "只显示一次" in words(again)


def test_the_qr_is_the_address_as_one_path():
    import segno
    made = second_factor.qr("otpauth://totp/x:y?secret=ABC")
    matrix = segno.make("otpauth://totp/x:y?secret=ABC", error="m", micro=False).matrix
    drawn = sum(int(n) for n in re.findall(r"h(\d+)v", made["path"]))
    assert made["size"] == len(matrix) + 8 and drawn == sum(bit for row in matrix for bit in row)
