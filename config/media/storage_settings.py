"""Django's STORAGES: uploaded files in a folder of this machine, or in a bucket that all processes share."""

from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

CONNECT_SECS, READ_SECS, TRIES = 3, 10, 2  # botocore's own are 60 s, 60 s and five


def storages(bucket: str, endpoint: str, region: str, prefix: str) -> dict[str, Any]:
    """Without a bucket, files lie below MEDIA_ROOT. A bucket's credentials are boto3's to find.

    Raises ImproperlyConfigured where the extra `s3` is not installed.
    """
    return {
        "default": _bucket(bucket, endpoint, region, prefix)
        if bucket
        else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "greenroom.http.static_files.HashedStaticFiles"},
    }


def _bucket(bucket: str, endpoint: str, region: str, prefix: str) -> dict[str, Any]:
    if not find_spec("storages") or not find_spec("botocore"):
        raise ImproperlyConfigured("S3_BUCKET needs the extra `s3` (requirements/s3.txt).")
    from botocore.config import Config

    return {
        "BACKEND": "config.media.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint or None,
            "region_name": region or None,
            "location": prefix,
            "default_acl": None,
            "file_overwrite": True,  # names are drawn at random, or say what is in the file
            "client_config": Config(
                connect_timeout=CONNECT_SECS,
                read_timeout=READ_SECS,
                retries={"total_max_attempts": TRIES},
                # MinIO and its like are one host, which buckets are folders of.
                s3={"addressing_style": "path"} if endpoint else None,
            ),
        },
    }
