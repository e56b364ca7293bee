"""One context for many connections, until its files change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from gunicorn.config import Config

from bench.stalled_clients import CERTIFICATE
from nexus.server.sockets.tls import TlsContext


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    found = tmp_path / "tls.pem"
    shutil.copy(CERTIFICATE, found)
    return found


@pytest.fixture
def contexts(certificate: Path) -> TlsContext:
    config = Config()
    config.set("certfile", str(certificate))
    config.set("keyfile", str(certificate))
    return TlsContext(config)


def test_it_is_made_once(contexts: TlsContext) -> None:
    assert contexts._current() is contexts._current()


def test_a_new_certificate_serves_at_once(contexts: TlsContext, certificate: Path) -> None:
    """cert-manager and others put another file in its place."""
    before = contexts._current()
    shutil.copy(CERTIFICATE, certificate.with_suffix(".new"))
    os.replace(certificate.with_suffix(".new"), certificate)
    assert contexts._current() is not before


@pytest.mark.parametrize("broken", ["gone", "cut"])
def test_a_bad_one_leaves_the_last_good(
    contexts: TlsContext, certificate: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = contexts._current()
    if broken == "gone":
        certificate.unlink()
    else:
        certificate.write_text("-----BEGIN CERTIFICATE-----\n")
    assert contexts._current() is before
    assert "the last good ones serve on" in caplog.text


def test_without_any_there_is_none(contexts: TlsContext, certificate: Path) -> None:
    certificate.unlink()
    with pytest.raises(FileNotFoundError):
        contexts._current()
