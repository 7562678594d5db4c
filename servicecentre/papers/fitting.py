"""Text that must fit a printed field: measured in em, wrapped, or set smaller; never cut without being said elsewhere."""
import unicodedata

NARROW, CAPITAL = 0.56, 0.68              # em, of Noto Sans SC; a little more than the widest of the common ones
WIDE_LATIN = {**dict.fromkeys("MWmw@%", 0.95), **dict.fromkeys(" .,:;'|!ilj-", 0.34)}


def width(text):
    """Width in em, rounded up a little; Han and full-width signs are one em."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" or ord(c) > 0x2000
               else WIDE_LATIN.get(c) or (CAPITAL if c.isupper() else NARROW) for c in text)


def one_line(text):
    """The text without a line break, which would push a column's later values one row down."""
    return " ".join(str(text).split("\n")) if "\n" in str(text) else str(text)


def wrapped(text, most):
    """[lines] of at most `most` em each; broken before a bracket or behind a blank where that leaves half a line, else anywhere."""
    lines, rest = [], one_line(text)
    while width(rest) > most:
        end, used = 0, 0
        while end < len(rest) and used + width(rest[end]) <= most:
            used += width(rest[end])
            end += 1
        good = max((at for at in range(end // 2, end + 1) if at and (rest[at:at + 1] in ("（", "(") or rest[at - 1] in " ，。；、　")),
                   default=max(end, 1))
        while rest[good:good + 1] and rest[good] in "）)，。；、":         # no line begins with what closes
            good += 1
        lines.append(rest[:good].rstrip(" "))
        rest = rest[good:].lstrip(" ")
    return [*lines, rest]
