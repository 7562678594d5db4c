"""What was typed into a form that could not be served, for an hour, encrypted, for its own user and estate (TRUST 24)."""
import json
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.http import QueryDict
from django.urls import get_script_prefix

from servicecentre.kit.periods import now
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.kit.secrets import EncryptedCharField

KEPT_FOR = timedelta(hours=1)
LARGEST = 64 * 1024                       # bytes of what was typed
MOST = 20                                 # drafts of one person at one estate


class DraftQuerySet(EstateQuerySet):
    def live(self, *, at):
        return self.filter(kept_at__gt=at - KEPT_FOR)

    def of_user(self, user):
        return self.filter(user=user)


class Draft(EstateRow):
    """One form as it was sent. No business row: it is deleted when its form was served after all, or after an hour."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="谁写的", related_name="+")
    path = models.CharField("页面", max_length=200)
    query = models.CharField("页面参数", max_length=400, blank=True)
    label = models.CharField("事项", max_length=60)
    content = EncryptedCharField("写的内容", max_length=LARGEST)
    files = models.PositiveSmallIntegerField("选过的文件数", default=0)
    request_key = models.CharField("请求键", max_length=64, blank=True)
    kept_at = models.DateTimeField("留下的时间")

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "没办完的页"
        indexes = [models.Index(fields=["estate", "user"], name="draft_by_user")]

    def __str__(self):
        return self.label

    def get_absolute_url(self):
        """The page's own address inside the estate's mount, which shows the form with what was typed."""
        said = QueryDict(self.query, mutable=True)
        said["draft"] = str(self.pk)
        return f"{get_script_prefix().rstrip('/')}{self.path}?{said.urlencode()}"

    def posted(self):
        """What was sent, as a view reads it; without passwords, files and the token."""
        data = QueryDict(mutable=True)
        for name, value in json.loads(self.content):
            data.appendlist(name, value)
        return data

    @classmethod
    def keep(cls, estate, user, *, path, query, label, pairs, files, request_key):
        """The Draft, or None when what was typed is too much to keep. What is past its hour goes, whosever it is."""
        content = json.dumps(pairs, ensure_ascii=False)
        if len(content.encode()) > LARGEST or len(path) > 200 or len(query) > 400:
            return None
        forget()
        mine = cls.objects.of(estate).of_user(user)
        if request_key:
            mine.filter(request_key=request_key).delete()
        mine.filter(pk__in=list(mine.order_by("-pk").values_list("pk", flat=True)[MOST - 1:])).delete()
        return cls.objects.create(estate=estate, user=user, path=path, query=query, label=label, content=content, files=files,
                                  request_key=request_key[:64], kept_at=now())


def forget():
    """What is past its hour goes, whosever it is: the worker sees to it once a minute."""
    past = Draft.objects.filter(kept_at__lte=now() - KEPT_FOR)
    if past.exists():
        past.delete()
