"""What a starting server says it answers at."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from nexus import config
from nexus.config import Settings
from nexus.plugins import load_plugins
from nexus.server.start.routes import MOST, announce, base_url


def settings(folder: Path, **given: str) -> Settings:
    environ = {"NEXUS_HANDLERS_DIR": str(folder), "NEXUS_CACHE_DIR": str(folder), **given}
    return config.load({}, environ, folder).settings


def said(capsys: pytest.CaptureFixture[str], found: Settings) -> list[str]:
    announce(found, load_plugins({}, None, outside=()))
    return capsys.readouterr().out.splitlines()


def test_routes_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("hello.js", "hook.wat", "bad.js"):
        (tmp_path / name).write_text("")
    (tmp_path / "hook.toml").write_text('route = "/in"\nmethods = ["PUT", "POST"]')
    (tmp_path / "bad.toml").write_text("nonsense = 1")
    found = said(capsys, settings(tmp_path, NEXUS_LOG_FORMAT="pretty"))
    assert found[0] == f"Serving {tmp_path}; Ctrl-C stops."
    assert found[1].startswith("  bad.js: bad.toml: nonsense: found 1")
    assert [line.split() for line in found[2:]] == [
        ["any", "http://127.0.0.1:8000/hello", "hello.js"],
        ["POST,PUT", "http://127.0.0.1:8000/in", "hook.wat"],
    ]


def test_an_empty_folder_says_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, settings(tmp_path, NEXUS_LOG_FORMAT="pretty"))
    assert found[1] == "  nothing yet: nexus new hello writes a first handler"


def test_many_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(MOST + 3):
        (tmp_path / f"h{number}.js").write_text("")
    found = said(capsys, settings(tmp_path, NEXUS_LOG_FORMAT="pretty"))
    assert len(found) == MOST + 2
    assert found[-1] == "  and 3 more"


def test_a_json_log_gets_one_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hello.js").write_text("")
    with caplog.at_level(logging.INFO, "nexus.server"):
        assert said(capsys, settings(tmp_path, NEXUS_LOG_FORMAT="json")) == []
    (record,) = caplog.records
    fields = json.loads(json.dumps(record.fields))  # type: ignore[attr-defined]
    assert fields == {"routes": ["http://127.0.0.1:8000/hello"], "further_handlers": 0}


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        ("nexus.example:81", "http://nexus.example:81"),
        ("unix:/run/nexus.sock", "http://localhost"),
    ],
)
def test_a_url_that_can_be_opened(tmp_path: Path, bind: str, url: str) -> None:
    assert base_url(settings(tmp_path, NEXUS_BIND=bind)) == url
