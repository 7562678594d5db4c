"""The people of a list: who has one ID number is one person, however many rows name them (DOMAIN §1)."""
from collections import defaultdict
from dataclasses import dataclass, field

from households.entering import identity_fields
from households.models import Person
from servicecentre.kit.identity import IdKind, mask_phone

SEXES = {"male": "男", "female": "女"}


@dataclass(eq=False)
class Draft:
    """A person as the list's rows together want them; ``there`` is the register's row, None for somebody new."""

    there: dict | None = None
    name: str = ""
    identity: dict = field(default_factory=dict)      # columns of a number that the register has not got yet
    phones: list = field(default_factory=list)
    spares: list = field(default_factory=list)
    addresses: list = field(default_factory=list)
    sexes: list = field(default_factory=list)
    pk: int | None = None

    def __post_init__(self):
        self.pk = self.there["pk"] if self.there else None

    def add(self, row):
        """Note what a row says of its first owner; each value once, in the order of the file."""
        for values, value in ((self.phones, row.phone), (self.spares, row.phone2), (self.addresses, row.address), (self.sexes, row.sex)):
            if value and value not in values:
                values.append(value)

    def add_phones(self, phones):
        """Note the phones that a row gives to a further owner."""
        self.phones += [phone for phone in phones if phone not in self.phones]

    @property
    def dropped(self):
        """Phones for which there is no room: a person has two."""
        return list(dict.fromkeys(self.phones + self.spares))[2:]

    def columns(self):
        """{column: value} that differ from the register, or all that are known of somebody new. Nothing known is erased.

        The same list again gives {}: what the register has already counts as known, in whichever of its two phones.
        """
        was = self.there or {}
        new = {"name": self.name} if self.name and self.name != was.get("name") else {}
        new |= self.identity | self._phones(was)
        if self.addresses and was.get("mail_address", "") not in self.addresses:
            new["mail_address"] = self.addresses[0]
        if self.sexes and not self.identity.get("sex") and not was.get("sex"):
            new["sex"] = self.sexes[0]
        if not was:
            organisation = self.identity.get("id_kind") == IdKind.CREDIT_CODE
            new["kind"] = Person.Kind.ORGANISATION if organisation else Person.Kind.PERSON
        elif self.identity.get("id_kind") == IdKind.CREDIT_CODE:
            new["kind"] = Person.Kind.ORGANISATION
        return new

    def _phones(self, was):
        first, second = was.get("phone", ""), was.get("phone2", "")
        wanted = list(dict.fromkeys(self.phones + self.spares))[:2] if self.phones else self.spares[:1]
        if all(phone in (first, second) for phone in wanted):
            return {}
        if not self.phones:
            pair = (first, wanted[0])
        elif len(wanted) == 2:
            pair = (wanted[0], wanted[1])
        else:
            pair = (wanted[0], first or second)                   # the newer number first, the older one is kept
        return {column: value for column, value in zip(("phone", "phone2"), pair, strict=True) if value != was.get(column, "")}


class People:
    """The drafts of a plan: one per person of the register that the list speaks of, one per new ID number."""

    def __init__(self, estate, standing):
        self.estate, self.standing = estate, standing
        self.by_pk, self.by_digest, self.new = {}, {}, []

    def identity(self, owner):
        """Columns of Person for an owner's number; {} where the list has none."""
        return identity_fields(self.estate, owner.id_kind, owner.id_number) if owner.id_number else {}

    def known(self, there, name, identity=None):
        """The draft of a person of the register, who is called so now; with a number that the register had not."""
        draft = self.by_pk.setdefault(there["pk"], Draft(there))
        draft.name = name
        if identity and not there["id_digest"]:
            draft.identity = identity
            self.by_digest[identity["id_digest"]] = draft
        return draft

    def of_number(self, name, identity):
        """The draft of who has this number: of the register, of an earlier row, or somebody new."""
        digest = identity["id_digest"]
        if there := self.standing.by_digest.get(digest):
            return self.known(there, name)
        if digest not in self.by_digest:
            self.by_digest[digest] = self.nameless(name, identity)
        return self.by_digest[digest]

    def nameless(self, name, identity=None):
        """Somebody new; without a number two rows never are the same person."""
        draft = Draft(name=name, identity=identity or {})
        self.new.append(draft)
        return draft

    def drafts(self):
        return [*self.by_pk.values(), *self.new]


def differences(draft, row, columns, place=0):
    """[(label, old, new)] of those new columns that this row itself brings for its owner at this place: numbers masked."""
    was, found = draft.there, []
    if was is None:
        return found
    if "name" in columns:
        found.append(("业主姓名", was["name"], columns["name"]))
    if "id_digest" in columns:
        found.append(("证件号码", "", columns["id_masked"]))
    for column, label in (("phone", "电话"), ("phone2", "备用电话")):
        if column in columns and set(row.phones_of(place)) & ({columns.get("phone"), columns.get("phone2")} - {was["phone"], was["phone2"], ""}):
            found.append((label, mask_phone(was[column]), mask_phone(columns[column])))
    if place:
        return found
    if columns.get("mail_address") and row.address == columns["mail_address"]:
        found.append(("通讯地址", was["mail_address"], row.address))
    if columns.get("sex") and "id_digest" not in columns and row.sex == columns["sex"]:
        found.append(("性别", "", SEXES[row.sex]))
    return found


def names_of_numbers(rows):
    """{ID number: {name: [rows]}} of the rows' owners: a number under two names is a slip in one of them."""
    found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for owner in row.owners:
            if owner.id_number:
                found[owner.id_number][owner.name].append(row)
    return found
