"""Files in an S3-compatible bucket (S3_BUCKET): one request for a file, an end to waiting, and OSError where a disk would raise it.

Only imported where requirements/s3.txt is installed.
"""
from contextlib import contextmanager
from time import monotonic

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage

# The library would wait for minutes; the checksums of late are refused by many a store that is not Amazon's.
MANNERS = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"},
                 request_checksum_calculation="when_required", response_checksum_validation="when_required")
PAUSE = 10                               # seconds in which nobody waits again for a bucket that was silent: the desk has eight threads


class Bucket(S3Storage):
    """Every file is small, so it is sent and fetched whole."""

    def __init__(self, **options):
        super().__init__(**options)
        self.client_config = self.client_config.merge(MANNERS)
        self._silent_until = 0.0

    @contextmanager
    def _asked(self):
        """The client; what goes wrong with it becomes FileNotFoundError or another OSError."""
        if monotonic() < self._silent_until:
            raise OSError("The bucket was silent a moment ago.")
        try:
            yield self.connection.meta.client
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):      # 404: HEAD has no words
                raise FileNotFoundError(str(error)) from error
            raise OSError(str(error)) from error                                         # NoSuchBucket, AccessDenied …
        except BotoCoreError as error:
            self._silent_until = monotonic() + PAUSE
            raise OSError(str(error)) from error

    def _open(self, name, mode="rb"):
        if mode != "rb":
            raise ValueError("A file in the bucket is saved whole, not opened to be written.")
        with self._asked() as client:
            return ContentFile(client.get_object(Bucket=self.bucket_name, Key=name)["Body"].read(), name=name)

    def _save(self, name, content):
        with self._asked() as client:
            client.put_object(Bucket=self.bucket_name, Key=name, Body=content.read(), ContentType=self.default_content_type)
        return name

    def delete(self, name):
        with self._asked() as client:
            client.delete_object(Bucket=self.bucket_name, Key=name)

    def exists(self, name):
        try:
            with self._asked() as client:
                client.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def listdir(self, path):
        with self._asked():
            return super().listdir(path)

    def get_modified_time(self, name):
        with self._asked() as client:
            return client.head_object(Bucket=self.bucket_name, Key=name)["LastModified"]
