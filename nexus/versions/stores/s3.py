"""The store in a bucket of S3, or of another service with its API.

A record is an object under `PREFIX/records/KEY`, and its tag is the object's ETag; a blob is one
under `PREFIX/blobs/DIGEST`, an artifact one under `PREFIX/artifacts/KEY`. Conditional writes
(`If-Match`, `If-None-Match`) make a change of a record atomic: the service must have them, as S3
itself, MinIO and Ceph do.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nexus.errors import StoreUnavailable

_CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)
_LOST: Final = (
    "PreconditionFailed",
    "ConditionalRequestConflict",
    "NoSuchKey",
    "404",
    "409",
    "412",
)
"""Codes of the errors that a conditional write gets if another write came first"""
_MISSING: Final = ("NoSuchKey", "404")


class S3Store:
    """Records and blobs as objects; see `nexus.versions.store`.

    Credentials, region and endpoint come from where the AWS tools take them: environment, files,
    or the pod's role.
    """

    poll_s = 0.5
    is_shared = True

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._place = bucket, f"s3://{bucket}/{prefix}".rstrip("/")
        start = f"{prefix}/" if prefix else ""
        self._records, self._blobs = f"{start}records/", f"{start}blobs/"
        self._artifacts = f"{start}artifacts/"
        self._lock = threading.Lock()  # guards _made
        self._made: Any = None

    def tags(self) -> Mapping[str, str]:
        with self._reported():
            found = self._listed(self._records)
            return {entry["Key"].removeprefix(self._records): _tag(entry) for entry in found}

    def read(self, key: str) -> tuple[bytes, str] | None:
        return self._get(self._records + key)

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": f'"{expected}"'}
        with self._reported():
            try:
                done = self._client().put_object(
                    Bucket=self._bucket, Key=self._records + key, Body=record, **condition
                )
            except ClientError as error:
                if _code(error) in _LOST:
                    return None
                raise
            return _tag(done)

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        with self._reported():
            for digest, content in blobs.items():  # writing it again sets its time
                self._client().put_object(
                    Bucket=self._bucket, Key=self._blobs + digest, Body=content
                )

    def get_blob(self, digest: str) -> bytes | None:
        found = self._get(self._blobs + digest)
        return None if found is None else found[0]

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        until = datetime.now(timezone.utc) - timedelta(seconds=older_than_s)
        with self._reported():
            gone = [
                entry["Key"]
                for entry in self._listed(self._blobs)
                if entry["LastModified"] < until
                and entry["Key"].removeprefix(self._blobs) not in keep
            ]
            for key in gone:
                self._client().delete_object(Bucket=self._bucket, Key=key)
            return len(gone)

    def put_artifact(self, key: str, content: bytes) -> None:
        with self._reported():
            place = self._artifacts + key
            self._client().put_object(Bucket=self._bucket, Key=place, Body=content)

    def get_artifact(self, key: str) -> bytes | None:
        found = self._get(self._artifacts + key)
        return None if found is None else found[0]

    def artifacts(self) -> Mapping[str, int]:
        with self._reported():
            found = sorted(self._listed(self._artifacts), key=lambda entry: entry["LastModified"])
            return {entry["Key"].removeprefix(self._artifacts): entry["Size"] for entry in found}

    def delete_artifacts(self, keys: Collection[str]) -> None:
        with self._reported():
            for key in keys:
                self._client().delete_object(Bucket=self._bucket, Key=self._artifacts + key)

    def close(self) -> None:
        with self._lock:
            client, self._made = self._made, None
        if client is not None:
            client.close()

    # ---- requests ---------------------------------------------------------------------------

    def _get(self, key: str) -> tuple[bytes, str] | None:
        with self._reported():
            try:
                found = self._client().get_object(Bucket=self._bucket, Key=key)
                with found["Body"] as body:
                    return body.read(), _tag(found)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def _listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", ())

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                # A session of its own: the default one is not safe to use from several threads.
                self._made = boto3.session.Session().client("s3", config=_CONFIG)
            return self._made

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, OSError) as error:
            raise StoreUnavailable(f"the store {self._place} cannot be used: {error}") from error


def _tag(answer: Mapping[str, Any]) -> str:
    """Return an object's ETag without its quotes, like a tag of another store."""
    return str(answer["ETag"]).strip('"')


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
