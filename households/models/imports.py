"""What was uploaded to be imported, what was found in it and what came of it: file and report are kept (IMPORT «Any list»)."""
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from servicecentre.kit import guards, store
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.kit.secrets import decrypt_bytes

USER = settings.AUTH_USER_MODEL


class RegisterImportQuerySet(EstateQuerySet):
    def busy(self):
        """Being read or written; at most one per estate (TRUST §6)."""
        return self.filter(state__in=RegisterImport.BUSY)

    def newest_first(self):
        return self.select_related("made_by", "applied_by").order_by("-pk")


class RegisterImport(EstateRow):
    """One uploaded list, a register or another kind. The file is full of ID numbers, so it lies encrypted, under a random name."""

    class State(models.TextChoices):
        READING = "reading", "试导中"
        SHOWN = "shown", "已试导，没有导入"
        APPLYING = "applying", "导入中"
        APPLIED = "applied", "已导入"
        FAILED = "failed", "读不了"
        UNDOING = "undoing", "撤销中"
        UNDONE = "undone", "已撤销"

    BUSY = (State.READING, State.APPLYING, State.UNDOING)

    kind = models.CharField("名单", max_length=20, default="register", db_default="register")
    file = models.CharField("存放", max_length=100)
    label = models.CharField("文件名", max_length=120)
    sha256 = models.CharField("摘要", max_length=64)
    size = models.PositiveIntegerField("字节")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.READING)
    words = models.CharField("说明", max_length=400, blank=True)
    mapping = models.JSONField("列的对应", null=True)
    handover_default = models.DateField("交付日期（表里没有这一列时）", null=True)
    good_rows = models.BooleanField("只导正确的行", default=False)
    report = models.JSONField("试导结果", null=True)
    plan_digest = models.CharField("计划摘要", max_length=64, blank=True)
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, verbose_name="后台任务", related_name="+")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="上传人", related_name="+")
    made_at = models.DateTimeField("上传时间", auto_now_add=True)
    applied_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="导入人", related_name="+")
    applied_at = models.DateTimeField("导入时间", null=True)
    written = models.JSONField("写了什么", null=True)
    undone_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤销人", related_name="+")
    undone_at = models.DateTimeField("撤销时间", null=True)
    undo_reason = models.CharField("撤销原因", max_length=100, blank=True, default="", db_default="")
    emptied_at = models.DateTimeField("到期清理时间", null=True)

    objects = RegisterImportQuerySet.as_manager()
    guards = [guards.SameEstate("job"), guards.Frozen("kind", "file", "label", "sha256", "size", "made_by", "made_at",
                                                      once=("applied_at", "applied_by", "undone_at", "undone_by", "emptied_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "导入"
        constraints = [models.UniqueConstraint(fields=["estate"], condition=Q(state__in=("reading", "applying", "undoing")), name="one_import_at_a_time",
                                               violation_error_message="这个小区正在办另一份登记表，请等它办完。")]
        indexes = [models.Index(fields=["estate", "id"], name="import_by_estate")]

    def __str__(self):
        return self.label

    def get_absolute_url(self):
        return reverse("households:import_report", args=[self.pk])

    @property
    def right(self):
        """What opens its page besides the door's own right: that of its list."""
        from households.importing.kinds import kind_of

        return kind_of(self.kind).right

    @property
    def busy(self):
        return self.state in self.BUSY

    def counts(self):
        return (self.report or {}).get("counts", {})

    def content(self) -> bytes:
        """The uploaded file as it came; FileNotFoundError when it is gone from the store, store.Silent when that cannot be told."""
        return decrypt_bytes(store.read(self.file))


class KnownLayout(EstateRow):
    """What a person said of a table's columns, kept for the next list whose header has the same ones in the same order."""

    kind = models.CharField("名单", max_length=20)
    fingerprint = models.CharField("表头摘要", max_length=64)
    label = models.CharField("来自文件", max_length=120)
    table = models.JSONField("列的对应")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="谁定的", related_name="+")
    made_at = models.DateTimeField("什么时候", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "记住的列"
        constraints = [models.UniqueConstraint(fields=["estate", "kind", "fingerprint"], name="one_memory_per_header",
                                               violation_error_message="这种表头的列已经记住了。")]

    def __str__(self):
        return self.label
