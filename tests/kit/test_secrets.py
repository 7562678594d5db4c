"""Ciphertext, digests, seals and marks: each key opens its own, old keys still read (TRUST T7, T23)."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as some

from servicecentre.kit import secrets
from servicecentre.kit.keys import Key, read_field_keys, read_keys

OLD, NEW = "a:" + "QUFB" * 10 + "QUE=", "b:" + "QkJC" * 10 + "QkI="
NUMBER = "32010619880417001X"


def test_ciphertext_hides_the_text_and_names_its_key(settings):
    settings.FIELD_KEYS = read_field_keys(NEW)
    stored = secrets.encrypt(NUMBER)
    assert stored.startswith("fb:gAAAA") and NUMBER not in stored
    assert stored != secrets.encrypt(NUMBER)
    assert secrets.decrypt(stored) == NUMBER
    assert secrets.encrypt("") == "" == secrets.decrypt("")


def test_old_key_still_reads_and_the_first_one_writes(settings):
    settings.FIELD_KEYS = read_field_keys(OLD)
    stored = secrets.encrypt(NUMBER)
    settings.FIELD_KEYS = read_field_keys(f"{NEW},{OLD}")
    assert secrets.decrypt(stored) == NUMBER and secrets.encrypt(NUMBER).startswith("fb:")
    settings.FIELD_KEYS = read_field_keys(NEW)
    with pytest.raises(ImproperlyConfigured, match="lacks key a"):
        secrets.decrypt(stored)


def test_changed_ciphertext_does_not_read():
    stored = secrets.encrypt(NUMBER)
    with pytest.raises(ImproperlyConfigured, match="does not read"):
        secrets.decrypt(stored[:-6] + ("A" if stored[-6] != "A" else "B") + stored[-5:])


@pytest.fixture
def card(db):
    """A table of one encrypted column behind the CHECK that its ciphertext begins with f."""
    with isolate_apps("servicecentre.kit"):
        class Card(models.Model):
            number = secrets.EncryptedCharField("证件号码", max_length=20, blank=True)

            class Meta:
                app_label = "kit"
                constraints = [models.CheckConstraint(name="number_only_encrypted",
                                                      condition=Q(number="") | Q(number__startswith="f"))]
        with connection.schema_editor() as editor:
            editor.create_model(Card)
        yield Card
        with connection.schema_editor() as editor:
            editor.delete_model(Card)


def raw(card):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM {card._meta.db_table} ORDER BY id")
        return [number for number, in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_column_holds_only_ciphertext_and_reads_back(card):
    row = card.objects.create(number=NUMBER)
    card.objects.create()
    assert [text[:1] for text in raw(card)] == ["f", ""]
    row.refresh_from_db()
    assert row.number == NUMBER
    row.full_clean()
    row.number = "H12345678"
    card.objects.bulk_update([row], ["number"])
    card.objects.filter(number="").update(number="E1")
    assert list(card.objects.order_by("pk").values_list("number", flat=True)) == ["H12345678", "E1"]
    assert all(text.startswith("f") for text in raw(card))
    assert card.objects.filter(number__isnull=False, number__startswith="f").count() == 2


@pytest.mark.django_db(transaction=True)
def test_database_refuses_a_number_in_clear(card):
    card.objects.create(number=NUMBER)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {card._meta.db_table} SET number = '{NUMBER}'")
    assert raw(card)[0].startswith("f")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lookup", [{"number": NUMBER}, {"number__in": [NUMBER]}, {"number__contains": "1"},
                                    {"number__iexact": NUMBER}, {"number__lower": "x"}])
def test_encrypted_column_cannot_be_searched_by_mistake(card, lookup):
    with pytest.raises(FieldError, match="digest"):
        list(card.objects.filter(**lookup))


@pytest.mark.django_db(transaction=True)
def test_too_long_a_text_is_told_in_its_own_length(card):
    card(number="1" * 20).full_clean()
    with pytest.raises(ValidationError):
        card(number="1" * 21).full_clean()


def test_digest_differs_by_estate_text_and_key(settings):
    found = secrets.blind_index(1, NUMBER)
    assert found == secrets.blind_index(1, NUMBER) and len(found) == 64
    assert found not in (secrets.blind_index(2, NUMBER), secrets.blind_index(1, NUMBER[:-1]))
    assert secrets.blind_index(1, "") == ""
    settings.DIGEST_KEY = Key("x" * 40)
    assert found != secrets.blind_index(1, NUMBER)


PARTS = some.lists(some.none() | some.integers() | some.text(max_size=5) | some.dates() | some.booleans()
                   | some.binary(max_size=3), max_size=4)


@given(PARTS, PARTS)
def test_seal_tells_any_two_lists_apart(one, other):
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (secrets.seal(*one) == secrets.seal(*other)) == same
    assert secrets.seal_holds(secrets.seal(*one), *one)


def test_seal_is_the_same_moment_in_any_zone_and_another_for_another():
    moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert secrets.seal(moment) == secrets.seal(moment.astimezone())
    assert secrets.seal(moment) != secrets.seal(moment.date()) != secrets.seal(date(2026, 11, 24))


def test_old_seals_hold_under_a_new_key_and_forged_ones_do_not(settings):
    settings.SEAL_KEYS = read_keys("a:" + "a" * 40)
    old = secrets.seal("日", 1)
    settings.SEAL_KEYS = read_keys("b:" + "b" * 40 + ",a:" + "a" * 40)
    assert secrets.seal("日", 1) != old and secrets.seal_holds(old, "日", 1)
    assert not secrets.seal_holds(old, "日", 2) and not secrets.seal_holds("é", "日", 1)
    settings.SEAL_KEYS = read_keys("b:" + "b" * 40)
    assert not secrets.seal_holds(old, "日", 1)


def test_mark_reads_back_also_when_typed_small():
    mark = secrets.sign_mark("SJ", 1, 4212)
    assert secrets.read_mark(mark) == ("SJ", 1, 4212) == secrets.read_mark(f" {mark.lower()} ")
    assert set(mark) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.")


def test_every_flipped_character_of_a_mark_is_refused():
    mark = secrets.sign_mark("FX", 3, 77)
    for place, character in enumerate(mark):
        for other in {"A", "7", ".", "z", "é"} - {character, character.lower()}:
            with pytest.raises(ValidationError, match="不是本中心签发的码"):
                secrets.read_mark(mark[:place] + other + mark[place + 1:])


@pytest.mark.parametrize("text", ["", "SJ", "SJ.1.2", None, "SJ.1.2.T1." + "A" * 16, "9" * 10_000, "SJ.١.2.T1." + "A" * 16])
def test_what_is_no_mark_is_refused(text):
    with pytest.raises(ValidationError, match="不是本中心签发的码"):
        secrets.read_mark(text)


def test_old_mark_reads_under_a_new_key_until_the_old_one_is_dropped(settings):
    settings.MARK_KEYS = read_keys("a:" + "a" * 40)
    mark = secrets.sign_mark("SJ", 1, 2)
    settings.MARK_KEYS = read_keys("b:" + "b" * 40 + ",a:" + "a" * 40)
    assert secrets.read_mark(mark).pk == 2
    settings.MARK_KEYS = read_keys("b:" + "b" * 40)
    with pytest.raises(ValidationError):
        secrets.read_mark(mark)


def test_mark_is_only_made_of_what_reads_back():
    for kind, pk in (("sj", 1), ("SJ", -1), ("收据", 1)):
        with pytest.raises(ValueError):
            secrets.sign_mark(kind, 1, pk)


def test_files_are_hidden_by_the_same_keys(settings):
    settings.FIELD_KEYS = read_field_keys(OLD)
    stored = secrets.encrypt_bytes(b"PK\x03\x04" + NUMBER.encode())
    assert NUMBER.encode() not in stored and secrets.decrypt_bytes(stored) == b"PK\x03\x04" + NUMBER.encode()
    settings.FIELD_KEYS = read_field_keys(f"{NEW},{OLD}")
    assert secrets.decrypt_bytes(stored).endswith(NUMBER.encode())
    with pytest.raises(ImproperlyConfigured, match="does not read"):
        secrets.decrypt_bytes(stored[:-6] + bytes([stored[-6] ^ 1]) + stored[-5:])
    settings.FIELD_KEYS = read_field_keys(NEW)
    with pytest.raises(ImproperlyConfigured, match="lacks key a"):
        secrets.decrypt_bytes(stored)
