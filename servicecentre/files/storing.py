"""Taking files in: judged by content, made safe, kept under a random name before the row that names them is committed."""
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from servicecentre.kit.identity import hide_identities
from servicecentre.kit.periods import now, today
from servicecentre.kit.secrets import encrypt_bytes
from servicecentre.kit.text import clean_text

from .models import PDF, File
from .pictures import redrawn
from .scanning import refuse_virus

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
        """Write the bytes to the store, identity papers encrypted."""
        identity = self.kind == File.Kind.IDENTITY
        self.path = _saved(encrypt_bytes(self.data) if identity else self.data)
        self.thumb_path = _saved(self.thumb) if self.thumb else ""

    def discard(self):
        for path in filter(None, (self.path, self.thumb_path)):
            default_storage.delete(path)


def _saved(data):
    name = secrets.token_hex(16)
    return default_storage.save(f"{FOLDER}/{name[:2]}/{name}.bin", ContentFile(data))


def label_of(name, nothing="附件"):
    """A file's name as a label only: no folders, no control characters, no number of identity, 120 characters (TRUST §4 row 38, 26).

    ``nothing``: what it is called where nothing is left of its name.
    """
    text = hide_identities(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", re.split(r"[/\\]", str(name))[-1]))
    try:
        return clean_text(text[-120:], 120) or nothing
    except ValidationError:
        return nothing


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
        refuse_virus(data)
        content_type, made, thumb = _judged(data, _stamp(kind, purpose, centre))
    except ValidationError as error:
        raise ValidationError([f"「{label}」{sentence}" for sentence in error.messages]) from error
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


def refuse_broken_pdf(data):
    """ValidationError for what is no whole PDF, has no page or is locked; nothing in it is drawn or run."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        locked = reader.is_encrypted
        pages = 0 if locked else int(reader.root_object["/Pages"]["/Count"])
    except Exception as error:                            # a hostile PDF may break its parser in any way
        raise ValidationError("这个 PDF 打不开，可能没有传完整") from error
    if locked:
        raise ValidationError("这个 PDF 有密码，请另存为不加密的")
    if pages < 1:
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
        transaction.on_commit(lambda path=path: default_storage.delete(path), robust=True)
