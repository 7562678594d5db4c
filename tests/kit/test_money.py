"""Money against fractions and against an independent reader of 大写 (DOMAIN §2, §8; TRUST §4 rows 1–13)."""

from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as some

from servicecentre.kit import money

FEN = some.integers(0, money.MAX_FEN)


def nearest(exact):
    """Half-up of a fraction, told the long way round: floor, and one more when the rest is a half or more."""
    floor = exact.numerator // exact.denominator
    return floor + (exact - floor >= Fraction(1, 2))


@pytest.mark.parametrize("area, price, percent, fen", [
    ("89.56", "1.9", 100, 17016), ("89.56", "1.9", 70, 11911), ("102.47", "1.9", 100, 19469),
    ("76.88", "3.5", 100, 26908),
])
def test_lines_of_the_price_list_come_out_as_the_deck_says(area, price, percent, fen):
    assert money.line_amount(money.parse_area(area), money.parse_price(price), percent) == fen


@given(some.integers(0, money.MAX_AREA), some.integers(0, money.MAX_PRICE), some.integers(0, 100),
       some.integers(0, 31), some.integers(1, 31))
@example(1, 5000, 100, 1, 1)
def test_line_is_the_exact_product_rounded_once(quantity, price, percent, num, den):
    exact = Fraction(quantity, 100) * Fraction(price, 10_000) * Fraction(percent, 100) * Fraction(num, den)
    assert money.line_amount(quantity, price, percent, num, den) == nearest(exact * 100)


def test_twin_half_even_differs_from_the_exact_product():
    """Banker's rounding, Python's own: of lines that end in half a fen every other one is a fen too little."""
    lines = [(quantity, price) for quantity in range(8950, 8970) for price in range(19000, 19100, 50)]
    wrong = [line for line in lines if round(Fraction(line[0] * line[1], 10_000)) != nearest(Fraction(line[0] * line[1], 10_000))]
    assert wrong and all(money.line_amount(*line) == nearest(Fraction(line[0] * line[1], 10_000)) for line in lines)


@given(some.integers(0, money.MAX_AREA), some.integers(0, money.MAX_PRICE), some.integers(1, 31))
def test_largest_line_stays_below_what_a_database_counts_exactly(quantity, price, days):
    assert 2 * quantity * price * 100 * days + 31_000_000 < 2**63


@given(some.integers(-10**12, 10**12), some.integers(1, 10**6))
def test_half_goes_away_from_zero(n, d):
    assert money.half_up(n, d) == (nearest(Fraction(n, d)) if n >= 0 else -nearest(Fraction(-n, d)))


def test_half_up_refuses_a_divisor_that_is_not_positive():
    with pytest.raises(ValueError):
        money.half_up(1, 0)


@given(some.integers(1, money.MAX_FEN))
def test_every_sum_reads_back_from_each_way_it_is_shown(fen):
    assert money.parse_yuan(money.yuan(fen)) == fen
    assert money.parse_yuan(money.plain_yuan(fen)) == fen
    assert money.parse_yuan(f"¥ {money.yuan(fen)} 元") == fen


@pytest.mark.parametrize("text, fen", [
    ("170.16", 17016), ("170.1", 17010), ("170", 17000), ("１７０．１６", 17016), ("¥1,409.50 元", 140950),
    ("￥1，409．50元", 140950), ("　88 ", 8800), ("007", 700), ("0.01", 1), ("99,999,999.99", money.MAX_FEN), (260, 26000),
])
def test_money_is_taken_as_people_write_it(text, fen):
    assert money.parse_yuan(text) == fen


@pytest.mark.parametrize("text", ["1_000", "٣٤", "1e3", "0x1F", "1,40", "1,4000", ",5", "NaN", "Infinity", "", None, " ",
                                  "一百", "1.2.3", "5.", ".5", "+5", "5-", "²", "五元", ["1", "2"]])
def test_what_is_no_sum_is_refused_with_an_example(text):
    with pytest.raises(ValidationError, match="请输入金额，如 170.16"):
        money.parse_yuan(text)


@pytest.mark.parametrize("text", ["0", "0.00", "-0", "-5", "−5", "-0.01"])
def test_payment_is_more_than_nothing(text):
    with pytest.raises(ValidationError, match="金额要大于 0"):
        money.parse_yuan(text)


def test_nothing_is_taken_where_it_may_be():
    assert money.parse_yuan("0", zero=True) == 0
    with pytest.raises(ValidationError, match="金额要大于 0"):
        money.parse_yuan("-1", zero=True)


@pytest.mark.parametrize("text", ["170.165", "170.160", "0.001", "1." + "0" * 5000])
def test_third_decimal_is_refused_never_rounded(text):
    with pytest.raises(ValidationError, match="最多两位小数"):
        money.parse_yuan(text)


@pytest.mark.parametrize("text", ["99,999,999,999", "100000000", str(10**20), "9" * 5000])
def test_too_much_is_refused_before_any_arithmetic(text):
    with pytest.raises(ValidationError, match="99,999,999.99"):
        money.parse_yuan(text)


@pytest.mark.parametrize("text, area", [("89.56", 8956), ("89.56㎡", 8956), ("89.5 平方米", 8950), ("８９．５６", 8956),
                                        ("100,000", money.MAX_AREA), ("120m2", 12000)])
def test_area_is_read_with_its_unit(text, area):
    assert money.parse_area(text) == area


@pytest.mark.parametrize("text, words", [("89.567", "两位小数"), ("0", "大于 0"), ("-89.56", "大于 0"), ("200000", "100,000"),
                                         ("100000.01", "100,000"), ("八十九", "请输入面积"), ("", "请输入面积")])
def test_impossible_area_is_refused_in_words(text, words):
    with pytest.raises(ValidationError, match=words):
        money.parse_area(text)


@given(some.integers(5_000, money.MAX_AREA * 10_000))
def test_area_of_a_list_is_rounded_half_up(millionths):
    text = f"{millionths // 10**6}.{millionths % 10**6:06d}"
    assert money.parse_area(text, rounding=True) == nearest(Fraction(millionths, 10**4))


def test_area_of_row_656_is_rounded():
    assert money.parse_area("118.325", rounding=True) == 11833
    assert money.parse_area("118." + "3" * 5000, rounding=True) == 11833


@pytest.mark.parametrize("text, price, shown", [("1.9", 19000, "1.9"), ("1.9 元/㎡", 19000, "1.9"), ("260", 2600000, "260"),
                                                ("0.0001", 1, "0.0001"), ("1,000", money.MAX_PRICE, "1000"),
                                                ("3.50元/㎡·月", 35000, "3.5")])
def test_price_is_read_and_shown_without_idle_zeros(text, price, shown):
    assert money.parse_price(text) == price
    assert money.price_text(price) == shown


@pytest.mark.parametrize("text, words", [("2000", "1,000"), ("0", "大于 0"), ("1.90001", "四位"), ("免费", "请输入单价")])
def test_impossible_price_is_refused_in_words(text, words):
    with pytest.raises(ValidationError, match=words):
        money.parse_price(text)


def test_sums_are_shown_with_commas_and_a_real_minus():
    assert (money.yuan(140950), money.yuan(-5), money.yuan(0)) == ("1,409.50", "−0.05", "0.00")
    assert (money.plain_yuan(140950), money.area_text(8956), money.area_text(10000)) == ("1409.50", "89.56", "100.00")


@pytest.mark.parametrize("fen, words", [
    (140950, "壹仟肆佰零玖元伍角"), (600714, "陆仟零柒元壹角肆分"), (168032, "壹仟陆佰捌拾元叁角贰分"),
    (10700053, "壹拾万零柒仟元伍角叁分"), (1640902, "壹万陆仟肆佰零玖元零贰分"), (32504, "叁佰贰拾伍元零肆分"),
    (50000, "伍佰元整"), (0, "零元整"), (5, "伍分"), (50, "伍角"), (15, "壹角伍分"), (1000, "壹拾元整"), (1500, "壹拾伍元整"),
    (10000000, "壹拾万元整"), (10001000, "壹拾万零壹拾元整"), (10000000000, "壹亿元整"), (10000000100, "壹亿零壹元整"),
    (9999999999, "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"), (-50000, "负伍佰元整"), (1010100, "壹万零壹佰零壹元整"),
    (1011000000, "壹仟零壹拾壹万元整"), (2000200000, "贰仟万零贰仟元整"),
])
def test_sum_in_words_follows_the_central_bank(fen, words):
    assert money.in_words(fen) == words


def read_words(text):
    """An independent reader: 大写 → fen, by counting places, knowing nothing of how it is written."""
    text = text.removesuffix("整")
    whole, _, cents = text.partition("元") if "元" in text else ("", "", text)
    total = group = digit = 0
    for mark in whole:
        if mark in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(mark)
        elif mark in "拾佰仟":
            group, digit = group + digit * {"拾": 10, "佰": 100, "仟": 1000}[mark], 0
        else:
            total, group, digit = total + (group + digit) * {"万": 10**4, "亿": 10**8}[mark], 0, 0
    fen = (total + group + digit) * 100
    for mark, following in zip(cents, cents[1:], strict=False):
        if following in "角分":
            fen += "零壹贰叁肆伍陆柒捌玖".index(mark) * {"角": 10, "分": 1}[following]
    return fen


@given(some.integers(0, 10**14 - 1) | FEN)
def test_words_read_back_as_the_same_sum(fen):
    words = money.in_words(fen)
    assert read_words(words) == fen
    assert "零零" not in words and "零元" not in words[1:] and "零万" not in words


def test_sum_beyond_words_is_refused():
    with pytest.raises(ValueError):
        money.in_words(10**14)
