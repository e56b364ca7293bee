"""Which stores of versions the setting takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus import config
from nexus.errors import ConfigError

NO_REGISTRY = [
    "oci://h",
    "oci://h/",
    "oci:///x",
    "oci://h/Upper",
    "oci://h/x:tag",
    "oci://u@h/x",
    "s3+http://b",
    "postgresql+http://h/d",
]


def load(url: str) -> str:
    return config.load({}, {"NEXUS_VERSION_STORE": url}, Path("/")).settings.version_store


@pytest.mark.parametrize(
    "url",
    [
        "sqlite",
        "postgresql://nexus@db.internal:5433/nexus?sslmode=verify-full",
        "postgresql:///nexus?host=/run/postgresql",
        "s3://bucket",
        "s3://bucket/some/prefix",
        "oci://registry.example/handlers",
        "oci+http://registry.default.svc:5000/team/our_handlers-2",
    ],
)
def test_a_store(url: str) -> None:
    assert load(url) == url


@pytest.mark.parametrize(
    "url", ["", "postgres", "mysql://h/d", "s3://", "s3:///p", "s3://b?x=1", *NO_REGISTRY]
)
def test_something_else(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(url)
    assert f"version_store: found {url!r}, allowed: sqlite, postgresql://" in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h/d", "postgresql://h/d?password=hunter2"])
def test_a_password_is_not_quoted(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(url)
    assert "found a URL with a password, for which there is PGPASSWORD" in str(caught.value)
    assert "hunter2" not in str(caught.value)
