"""备用金, apart from the till: put in by finance, counted, spent by the acts that give cash back (DOMAIN §2 Refund)."""
import re

from households.entering import checked
from households.standing import said
from servicecentre.kit.money import MAX_FEN, yuan
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .models import PettyCash, PettyCashMove

KINDS = PettyCashMove.Kind
BANK_SLIP = re.compile("[0-9A-Za-z-]{4,40}")


def balance_of(estate):
    """What is in it, fen; nothing where it was never filled."""
    return PettyCash.objects.of(estate).values_list("balance", flat=True).first() or 0


@act
def spend(estate, fen, *, words, row, by):
    """Cash paid out of it for ``row``, inside that row's own act, which holds that row's lock and draws its number after this.

    Returns the PettyCashMove. Refused beside ``method`` when less than ``fen`` is in it.
    """
    account = _locked(estate)
    if account.balance < fen:
        raise Refused({"method": f"备用金只有 {yuan(account.balance)} 元，不够付 {yuan(fen)} 元。请先补入，或改为转账。"})
    move = _move(account, KINDS.SPENT, -fen, words=words, by=by, row_type=row._meta.label_lower, row_id=row.pk)
    record(by, f"备用金支出 {yuan(fen)} 元，{words}，余 {yuan(move.balance)} 元", move, household=getattr(row, "household", None))
    return move


@act
def top_up_petty_cash(estate, *, amount, reference, words="", by):
    """Finance puts in cash drawn from the bank, ``amount`` fen, by the bank's slip number; returns the PettyCashMove."""
    if not 0 < amount <= MAX_FEN:
        raise Refused({"amount": "补入要大于 0，不超过 99,999,999.99 元。"})
    if not BANK_SLIP.fullmatch(reference):
        raise Refused({"reference": "填银行回单号，4 到 40 位数字或字母"})
    words = checked("words", clean_text, words, 100) or "银行取现补入"
    account = _locked(estate)
    if PettyCashMove.objects.of(estate).filter(kind=KINDS.PUT_IN, reference=reference, reversed_by=None).exists():
        raise Refused({"reference": "这张回单已经补入过，请核对。"})
    move = _move(account, KINDS.PUT_IN, amount, words=words, reference=reference, by=by)
    record(by, f"补入备用金 {yuan(amount)} 元，回单 {reference}，余 {yuan(move.balance)} 元", move, estate=estate)
    return move


@act
def count_petty_cash(estate, *, counted, book, words="", by):
    """Finance has counted it: ``counted`` fen are there, ``book`` is the balance that the page showed. The difference is a row of its own.

    Returns the PettyCashMove, or the PettyCash where the two agree. Refused when the book has moved since, and for a difference
    without a word about it.
    """
    if not 0 <= counted <= MAX_FEN:
        raise Refused({"counted": "填点到多少元。"})
    words = checked("words", clean_text, words, 100)
    account = _locked(estate)
    if account.balance != book:
        raise Refused(f"打开这页以后备用金动过，账面现在是 {yuan(account.balance)} 元。请再点一次。")
    off = counted - account.balance
    if not off:
        record(by, f"点备用金 {yuan(counted)} 元，与账面相符", account)
        return account
    if not words:
        raise Refused({"words": f"{'多' if off > 0 else '少'} {yuan(abs(off))} 元，写明怎么回事。"})
    move = _move(account, KINDS.COUNTED, off, words=words, by=by)
    record(by, f"点备用金 {yuan(counted)} 元，比账面{'多' if off > 0 else '少'} {yuan(abs(off))} 元：{words}", move)
    return move


@act
def reverse_petty_cash(move, *, words, by):
    """Undo a put-in or a counted difference that was typed wrong, by a reversing row with its reason; returns that row.

    Refused for what was spent (its own act undoes it), for what is reversed already, and when that much is not there any more.
    """
    words = said("words", words, 100, "写明哪里登记错了。")
    account = _locked(move.estate)
    move = _not_reversed(move)
    if move.kind not in (KINDS.PUT_IN, KINDS.COUNTED):
        raise Refused("支出随它的退款、退押金办，不能在这里冲回。")
    if account.balance < move.amount:
        raise Refused(f"备用金只有 {yuan(account.balance)} 元，冲不回 {yuan(move.amount)} 元。")
    back = _move(account, KINDS.REVERSED, -move.amount, words=words, by=by, reverses=move)
    record(by, f"冲回备用金{move.get_kind_display()} {yuan(move.amount)} 元：{words}，余 {yuan(back.balance)} 元", back)
    return back


def _locked(estate):
    """The estate's account, made when there is none yet, held until the act ends."""
    account, _ = PettyCash.objects.get_or_create(estate=estate)
    return PettyCash.objects.lock(account)


def _not_reversed(move):
    move = PettyCashMove.objects.lock(move)
    if PettyCashMove.objects.filter(reverses=move).exists():
        raise Refused("这一笔已经冲回。")
    return move


def _move(account, kind, amount, *, words, by, **more):
    account.balance += amount
    account.save(update_fields=["balance"])
    return PettyCashMove.objects.create(estate_id=account.estate_id, petty_cash=account, kind=kind, amount=amount, balance=account.balance,
                                        words=words[:100], at=now(), by=by, **more)
