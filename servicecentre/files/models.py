"""Private scans and photos: what each is, what it belongs to, and the right needed to see it (TRUST §4 34–39, T14)."""
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Q
from django.urls import reverse

from servicecentre.kit import guards, store
from servicecentre.kit.periods import business_day
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.kit.secrets import decrypt_bytes

USER = settings.AUTH_USER_MODEL
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"


class Damaged(Exception):
    """The stored bytes are gone or are not those that were taken in."""


class FileQuerySet(EstateQuerySet):
    def there(self):
        """Not removed."""
        return self.filter(removed_at=None)

    def attached_to(self, row):
        return self.filter(estate=row.estate_id, row_type=row._meta.label_lower, row_id=row.pk)

    def of_household(self, household):
        """Everything that lies in the household's file, whatever row of it it was attached to."""
        return self.filter(estate=household.estate_id, household_no=household.number)

    def newest_first(self):
        return self.order_by("-pk")


class File(EstateRow):
    """One scan or photo. It names its row without a foreign key (it may outlive it) and lies under a random name.

    ``right``: name in roles.RIGHTS that whoever wants to see it must have. Identity papers lie encrypted, bear their
    purpose across the picture, and are seen only by an act with a reason. A removed file keeps its row, not its bytes.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", "照片"
        SCAN = "scan", "扫描件"
        IDENTITY = "identity", "证件"

    row_type = models.CharField("关联类别", max_length=40)
    row_id = models.BigIntegerField("关联记录")
    household_no = models.CharField("户号", max_length=50, blank=True)
    right = models.CharField("查看权限", max_length=60)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    purpose = models.CharField("用途", max_length=40, blank=True)
    label = models.CharField("名称", max_length=120)
    content_type = models.CharField("格式", max_length=20)
    size = models.PositiveIntegerField("字节")
    sha256 = models.CharField("摘要", max_length=64)
    path = models.CharField("存放", max_length=100)
    thumb = models.CharField("缩略图", max_length=100, blank=True)
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="上传人", related_name="+")
    made_at = models.DateTimeField("上传时间")
    removed_at = models.DateTimeField("删去时间", null=True)
    removed_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="删去人", related_name="+")
    removed_why = models.CharField("删去原因", max_length=60, null=True)

    objects = FileQuerySet.as_manager()
    guards = [guards.Undeletable(),
              guards.Frozen("row_type", "row_id", "household_no", "right", "kind", "purpose", "label", "content_type", "size", "sha256", "path",
                            "thumb", "made_by", "made_at", once=("removed_at", "removed_by", "removed_why")),
              guards.Sealed("worklog_seal", moment="made_at")]

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        constraints = [
            models.UniqueConstraint(fields=["path"], name="one_file_per_place", violation_error_message="这个文件已经登记。"),
            models.CheckConstraint(name="file_has_content", violation_error_message="文件是空的。", condition=Q(size__gt=0) & ~Q(sha256="")),
            models.CheckConstraint(name="identity_scan_says_what_for", violation_error_message="证件要写明用途，并且没有缩略图。",
                                   condition=~Q(kind="identity") | Q(purpose__gt="", thumb="")),
            models.CheckConstraint(name="removed_file_says_why", violation_error_message="删去附件要写明原因和经办人。",
                                   condition=Q(removed_at=None, removed_by=None, removed_why=None)
                                   | Q(removed_at__isnull=False, removed_by__isnull=False, removed_why__gt=""))]
        indexes = [models.Index(fields=["estate", "row_type", "row_id"], name="file_by_row"),
                   models.Index(fields=["estate", "household_no", "id"], name="file_by_household")]

    def __str__(self):
        return self.label

    def get_absolute_url(self):
        return reverse("files:file", args=[self.pk])

    @property
    def day(self):
        """The business day of which it is; that day's seal stands for it."""
        return business_day(self.made_at)

    @property
    def is_identity(self):
        return self.kind == self.Kind.IDENTITY

    @property
    def is_pdf(self):
        return self.content_type == PDF

    @property
    def name(self):
        """The name it is saved under: its label with the ending that its content has."""
        ending = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}[self.content_type]
        stem = self.label.rpartition(".")[0] or self.label
        return stem + ending

    def content(self) -> bytes:
        """The bytes as they were taken in; Damaged when they are gone or changed (TRUST F8), store.Silent when that cannot be told."""
        data = _stored(self.path)
        if self.is_identity:
            try:
                data = decrypt_bytes(data)
            except ImproperlyConfigured as error:
                raise Damaged from error
        if sha256(data).hexdigest() != self.sha256:
            raise Damaged
        return data

    def small(self) -> bytes:
        """The thumbnail, a JPEG; Damaged when it is gone or is not what its name says, store.Silent when that cannot be told."""
        data, said = _stored(self.thumb), self.thumb.rpartition("/")[2].removesuffix(".bin").partition("-")[2]
        if said != sha256(data).hexdigest()[:32]:
            raise Damaged
        return data


def _stored(path):
    try:
        return store.read(path)
    except FileNotFoundError as error:
        raise Damaged from error
