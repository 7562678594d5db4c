"""Taking files in: judged by content, made safe, kept under a random name before the row that names them is committed."""
import re
import secrets
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction

from servicecentre.kit import store
from servicecentre.kit.identity import hide_in_name
from servicecentre.kit.periods import now, today
from servicecentre.kit.secrets import encrypt_bytes
from servicecentre.kit.text import clean_text

from . import scanning
from .models import PDF, File
from .pictures import decoders, redrawn

MOST_BYTES, MOST_FILES = 25 * 1024 * 1024, 10
MOST_WORDS = "25 MB"
FOLDER = "files"


@dataclass
class Ready:
    """A file that was judged and made safe, not yet kept. As text: what was sent and what it is for, by which a repeat is known."""

    label: str
    kind: str
    purpose: str
    content_type: str
    data: bytes
    thumb: bytes
    sent: str
    path: str = ""
    thumb_path: str = ""

    def __str__(self):
        return f"{self.sent} {self.kind} {self.purpose}"

    def keep(self):
        """Write the bytes to the store, identity papers encrypted; store.Silent when they were not kept."""
        data = encrypt_bytes(self.data) if self.kind == File.Kind.IDENTITY else self.data
        self.path = _place()                              # known before it is written: half a file is found again
        store.save(self.path, data)
        if self.thumb:
            self.thumb_path = _place(self.thumb)
            store.save(self.thumb_path, self.thumb)

    def discard(self):
        for path in filter(None, (self.path, self.thumb_path)):
            store.discard(path)


def _place(data=None):
    """A random name; a thumbnail's ends in the digest by which a changed one is seen, for it has no column of its own."""
    name = secrets.token_hex(16)
    return f"{FOLDER}/{name[:2]}/{name}{f'-{sha256(data).hexdigest()[:32]}' if data is not None else ''}.bin"


def label_of(name, otherwise="附件"):
    """A file's name as a label only: no folders, no control characters, no identity number, 120 characters (TRUST §4 row 38);
    ``otherwise`` for none."""
    text = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", re.split(r"[/\\]", str(name))[-1])
    text = hide_in_name(text)
    try:
        return clean_text(text[-120:], 120) or otherwise
    except ValidationError:
        return otherwise


def read(upload, *, kind="", purpose="", centre=""):
    """The uploaded file made ready, by its content alone; ValidationError in words. Slow (up to a second): never in an act.

    ``kind``: of File.Kind, by content when left empty. An identity paper must be a picture: it is stamped with
    ``purpose``, day and ``centre``.
    """
    label = label_of(upload.name)
    if upload.size > MOST_BYTES:
        raise ValidationError(f"「{label}」有 {upload.size / 1024 / 1024:.0f} MB，最多 {MOST_WORDS}")
    upload.seek(0)
    data = upload.read()
    if not data:
        raise ValidationError(f"「{label}」是空文件")
    try:
        scanning.refuse_virus(data)
        content_type, made, thumb = _judged(data, _stamp(kind, purpose, centre))
    except scanning.Silent:                               # says nothing of this file
        raise
    except ValidationError as error:
        raise ValidationError([f"「{label}」{sentence}" for sentence in error.messages]) from error
    label = "证件" if kind == File.Kind.IDENTITY else label            # what it was called may name its number
    return Ready(label, kind or (File.Kind.SCAN if content_type == PDF else File.Kind.PHOTO), purpose if kind == File.Kind.IDENTITY else "",
                 content_type, made, thumb, sha256(data).hexdigest())


def _stamp(kind, purpose, centre):
    """What stands across an identity paper; nothing for other files."""
    if kind != File.Kind.IDENTITY:
        return ""
    if not purpose:
        raise ValidationError("证件要写明用途，会盖在影像上")
    return f"仅供 {centre} {purpose} 使用　{today():%Y-%m-%d}"


def _judged(data, stamp):
    if not data.startswith(b"%PDF-"):
        return redrawn(data, stamp=stamp)
    if stamp:
        raise ValidationError("是 PDF，盖不上用途。证件请拍照，或扫成图片再传")
    refuse_broken_pdf(data)
    return PDF, data, b""


JUDGE = """
import io, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from pypdf import PdfReader
reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()), strict=False)
print("locked" if reader.is_encrypted else int(reader.root_object["/Pages"]["/Count"]))
"""


def refuse_broken_pdf(data):
    """ValidationError for what is no whole PDF, has no page or is locked; nothing in it is drawn or run.

    A hostile one keeps its parser busy for half a minute: so in a process of its own that has five seconds, two at once.
    """
    with decoders:
        told = subprocess.run([sys.executable, "-I", "-c", JUDGE], input=data, capture_output=True, check=False).stdout.strip()
    if told == b"locked":
        raise ValidationError("这个 PDF 有密码，请另存为不加密的")
    if not told.lstrip(b"-").isdigit():
        raise ValidationError("这个 PDF 打不开，可能没有传完整")
    if int(told) < 1:
        raise ValidationError("这个 PDF 没有页")


@contextmanager
def kept(files):
    """The files in the store while an act names them in rows; afterwards those that no row names are gone again."""
    try:
        for file in files:
            file.keep()
        yield files
    finally:
        named = set(File.objects.filter(path__in=[file.path for file in files]).values_list("path", flat=True))
        for file in files:
            if file.path not in named:
                file.discard()


def add_files(files, row, *, right, by, household_no=""):
    """Rows for kept files, attached to ``row``; part of an act, which records. Returns the Files."""
    return [File.objects.create(
        estate_id=row.estate_id, row_type=row._meta.label_lower, row_id=row.pk, household_no=household_no, right=right, kind=file.kind,
        purpose=file.purpose, label=file.label, content_type=file.content_type, size=len(file.data), sha256=sha256(file.data).hexdigest(),
        path=file.path, thumb=file.thumb_path, made_by=by, made_at=now()) for file in files]


def destroy(file, *, why, by):
    """The row says when, who and why; the bytes go once that is committed. Part of an act; the file's row is locked by it."""
    file.removed_at, file.removed_by, file.removed_why = now(), by, why
    file.save(update_fields=["removed_at", "removed_by", "removed_why"])
    for path in filter(None, (file.path, file.thumb)):
        transaction.on_commit(lambda path=path: store.discard(path), robust=True)
