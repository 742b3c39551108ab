"""A real S3 server on the loopback interface: moto's, with a bucket and dummy keys."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tune_mc1.results.store.filesystems import filesystem

KEY_ID, KEY = "dummy-key-id-for-tests", "dummy-secret-key-for-tests"
BUCKET = "sweeps"


class ObjectStore:
    """The server. It keeps its objects while it is stopped, as long as this process lives."""

    def __init__(self) -> None:
        self.port = 0
        self.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=KEY,
        )

    @property
    def endpoint(self) -> str:
        """Its address, the same after a restart."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, again on the port that it had."""
        # its handler would write to what was the terminal at its first line
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()
        _, self.port = self._server.get_host_and_port()

    def stop(self) -> None:
        """Refuses connections from now on."""
        self._server.stop()

    def names(self, prefix: str = "") -> set[str]:
        """All objects below a prefix of the bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {each["Key"] for page in pages for each in page.get("Contents", ())}

    def content(self, name: str) -> bytes:
        """An object of the bucket."""
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return body


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A server that this process and those that it starts find by the environment."""
    store = ObjectStore()
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    store.client.create_bucket(Bucket=BUCKET)
    try:
        yield store
    finally:
        store.stop()


@contextmanager
def serving_all() -> Iterator[ObjectStore]:
    """A server for the tests of a module."""
    filesystem.cache_clear()
    with pytest.MonkeyPatch.context() as monkeypatch, serving(monkeypatch) as server:
        yield server
    filesystem.cache_clear()
