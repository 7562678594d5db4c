"""The estate (小区): the tenant of every row, mounted in the path; and the base of each app's policy row."""
from django.core.validators import RegexValidator
from django.db import models


class Estate(models.Model):
    """One estate served by one service centre; its texts and numbers are data, never code."""

    slug = models.CharField("代码", max_length=40, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "只用小写字母、数字和短横。")])
    name = models.CharField("小区名称", max_length=60)
    company = models.CharField("物业公司", max_length=60, default="莲花物业")
    centre = models.CharField("服务中心", max_length=60, blank=True)
    project_code = models.CharField("项目码", max_length=10, default="YH")
    address = models.CharField("地址", max_length=120, blank=True)
    phone = models.CharField("服务电话", max_length=40, blank=True)
    made_at = models.DateTimeField("建立时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "小区"
        constraints = [models.UniqueConstraint(fields=["slug"], name="one_estate_per_code", violation_error_message="这个代码已有小区。")]

    def __str__(self):
        return self.name

    @property
    def centre_name(self):
        """The name on papers: 银河国际街区一期物业服务中心."""
        return self.centre or f"{self.name}物业服务中心"

    def get_absolute_url(self):
        """The estate's home, from outside its mount."""
        return f"/e/{self.slug}/"


class Policy(models.Model):
    """Settings that a manager may change: one typed row per app and estate (STYLE §12)."""

    estate = models.OneToOneField(Estate, models.PROTECT, verbose_name="小区", related_name="+")
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        abstract = True

    @classmethod
    def of(cls, estate):
        """This estate's row, or unsaved defaults: looking changes nothing (TRUST 18)."""
        return cls.objects.filter(estate=estate).first() or cls(estate=estate)
