"""Uploaded files in a bucket: what one process takes, another one serves."""

import asyncio
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.utils.module_loading import import_string
from moto.server import ThreadedMotoServer

from config import media
from tests.databases import fresh_database
from tests.servers import Server
from tests.visitors import Visitor

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.fixture
def bucket(monkeypatch) -> Iterator[tuple[ThreadedMotoServer, dict[str, str], "boto3.client"]]:
    """An S3-compatible store with one empty bucket: the store, how servers find it, and a client."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    endpoint = "http://{}:{}".format(*store.get_host_and_port())
    client = boto3.client("s3", endpoint_url=endpoint)
    name = f"house-{uuid.uuid4().hex}"  # moto keeps what was made in this process
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    try:
        yield store, {**KEYS, "S3_BUCKET": name, "S3_ENDPOINT_URL": endpoint, "S3_PREFIX": "media"}, client
    finally:
        store.stop()


def names_in(client, name: str) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=name).get("Contents", [])]


async def test_what_one_process_takes_another_one_serves(bucket, tmp_path: Path):
    store, environment, client = bucket
    with fresh_database(f"greenroom_media_{os.getpid()}") as database:
        servers = [
            Server(
                tmp_path / f"log-{number}",
                database,
                DATA_DIR=str(tmp_path / f"machine-{number}"),
                **environment,
            )
            for number in range(2)
        ]
        try:
            for server in servers:
                await asyncio.to_thread(server.start)
            first, second = servers
            page = (await asyncio.to_thread(second.request, "/")).body.decode()
            portraits = sorted(set(re.findall(r"/media/portraits/[\w-]+\.webp", page)))
            assert portraits, "an address of our own, whatever the bucket's is"
            for path in portraits:
                served = await asyncio.to_thread(second.request, path)
                assert served.status == 200
                assert served.body[8:12] == b"WEBP"
            share = await asyncio.to_thread(second.request, "/characters/captain-marlow/share-1.png")
            assert share.status == 200
            url, _ = await asyncio.to_thread(first.start_session)
            async with Visitor(url) as visitor:
                await visitor.get_ready()
                async with asyncio.timeout(20):
                    while not any(
                        name.startswith("media/apologies/")
                        for name in names_in(client, environment["S3_BUCKET"])
                    ):
                        await asyncio.sleep(0.2)
            assert all(
                name.startswith(("media/apologies/", "media/portraits/"))
                for name in names_in(client, environment["S3_BUCKET"])
            )
            left = await asyncio.to_thread(lambda: list(tmp_path.glob("machine-*/media/*")))
            assert left == [], "and nothing on the machine"
            assert (await asyncio.to_thread(second.request, "/media/portraits/none.webp")).status == 404
            store.stop()
            away = await asyncio.to_thread(second.request, portraits[0])
            assert away.status == 503
            assert (await asyncio.to_thread(second.request, "/")).status == 200
        finally:
            for server in servers:
                server.stop()


WRITE = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
default_storage.save("apologies/one.wav", ContentFile(b"sorry"))
"""
READ = """
from django.core.files.storage import default_storage
print(default_storage.open("apologies/one.wav").read())
default_storage.delete("apologies/one.wav")
print(default_storage.exists("apologies/one.wav"))
"""


def test_another_process_has_an_apology_that_it_did_not_record(bucket, tmp_path: Path):
    _, environment, _ = bucket
    with fresh_database(f"greenroom_media_{os.getpid()}") as database:
        first, second = (
            Server(tmp_path / "log", database, DATA_DIR=str(tmp_path / name), **environment) for name in "ab"
        )
        first.command("shell", "-c", WRITE)
        assert second.command("shell", "-c", READ).split()[-2:] == ["b'sorry'", "False"]


def test_a_bucket_that_is_away_is_an_error_of_files(bucket, tmp_path: Path):
    store, environment, _ = bucket
    made = media.storages(environment["S3_BUCKET"], environment["S3_ENDPOINT_URL"], "eu-central-1", "media")[
        "default"
    ]
    storage = import_string(made["BACKEND"])(**made["OPTIONS"])
    assert storage.url("portraits/a b.webp") == "/media/portraits/a%20b.webp"
    with pytest.raises(FileNotFoundError):
        storage.open("apologies/none.wav")
    store.stop()
    for ask in (storage.exists, storage.open, storage.delete):
        with pytest.raises(OSError, match="house"):
            ask("apologies/one.wav")
