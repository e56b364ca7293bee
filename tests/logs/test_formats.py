"""Records as JSON lines and as lines for people; nothing that anybody writes can forge one."""

from __future__ import annotations

import io
import json
import logging
from datetime import datetime, timezone

import pytest

from nexus.logs import configure
from nexus.model import Outcome
from tests.logs.support import HOSTILE, Terminal, lines_of


def test_json_lines() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("nexus.x").warning("took %d", 5, extra={"fields": {"handler": "hello"}})
    (line,) = lines_of(stream)
    moment = datetime.strptime(str(line.pop("ts")), "%Y-%m-%dT%H:%M:%S.%fZ")
    assert abs(moment - datetime.now(timezone.utc).replace(tzinfo=None)).total_seconds() < 60
    assert line == {
        "level": "warning",
        "logger": "nexus.x",
        "message": "took 5",
        "handler": "hello",
    }


def test_exceptions_are_one_field() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    try:
        raise ValueError("deep\nwithin")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = lines_of(stream)
    assert line["message"] == "failed"
    assert str(line["exception"]).startswith("Traceback")
    assert str(line["exception"]).endswith("ValueError: deep\nwithin")


def test_stacks_are_kept() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("x").info("here", stack_info=True)
    assert "test_stacks_are_kept" in str(lines_of(stream)[0]["exception"])


@pytest.mark.parametrize("format", ["json", "pretty"])
def test_hostile_text_stays_on_its_line(format) -> None:
    stream = io.StringIO()
    configure("info", format, stream)
    logging.getLogger("x").info("%s", HOSTILE, extra={"fields": {"a": HOSTILE, HOSTILE: 1}})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if format == "json":
        assert json.loads(written)["message"] == HOSTILE
        assert json.loads(written)["a"] == HOSTILE


def test_fields_cannot_replace_what_the_log_says_itself() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("x").info("m", extra={"fields": {"level": "error", "ts": "0"}})
    (line,) = lines_of(stream)
    assert line["level"] == "info"
    assert line["ts"] != "0"


def test_values_json_has_no_word_for() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    stream = io.StringIO()
    configure("info", "json", stream)
    for value in (float("nan"), cycle, {("a", 1): 2}, b"\xff", Outcome):
        logging.getLogger("x").info("m", extra={"fields": {"value": value, "n": 3}})
    lines = lines_of(stream)
    assert [line["n"] for line in lines] == [3] * 5
    assert lines[0]["value"] == "nan"
    assert lines[3]["value"] == "b'\\xff'"


def test_pretty_lines() -> None:
    stream = io.StringIO()
    configure("info", "pretty", stream)
    try:
        raise ValueError("a\x1b[2J")
    except ValueError:
        fields = {"handler": "hello", "why": "a b", "empty": ""}
        logging.getLogger("nexus.x").exception("failed", extra={"fields": fields})
    first, *trace = stream.getvalue().splitlines()
    assert first[12:] == " ERROR   nexus.x: failed handler=hello why='a b' empty=''"
    assert trace[0] == "    Traceback (most recent call last):"
    assert trace[-1] == "    ValueError: a\\x1b[2J"


def test_an_error_of_several_lines_keeps_them_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = "a.js:1:2: SyntaxError\n1 | let = \x1b[2J\r;\n        ^"
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        configure("info", "pretty", stream)
        logging.getLogger("x").error("%s", text, extra={"fields": {"code": "X"}})
        logging.getLogger("x").info("%s", "a\nb")
    written = terminal.getvalue().splitlines()
    first, *more = [line if line.startswith(" ") else line[12:] for line in written]
    assert first == " ERROR   x: a.js:1:2: SyntaxError code=X"
    assert more == [
        "    1 | let = \\x1b[2J\\r;",
        "            ^",
        " INFO    x: a\\nb",
    ]
    assert len(pipe.getvalue().splitlines()) == 2
