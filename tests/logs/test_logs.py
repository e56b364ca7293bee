"""Log lines: their forms, and that nothing a guest or client writes can forge one."""

from __future__ import annotations

import io
import json
import logging
import threading
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.logs import AccessLog, configure, escape, guest_lines, split_level, timestamp
from nexus.model import Outcome

HOSTILE = 'x\n{"level":"error"}\r\x1b[31m\x00\x85\u2028\u202e\ud800"\\é'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _root_logger_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def request(**changes: object) -> dict[str, object]:
    return {
        "method": "GET",
        "path": "/hello",
        "status": 200,
        "outcome": Outcome.OK,
        "handler": "hello",
        "duration_ms": 1.25,
        "request_bytes": 0,
        "response_bytes": 12,
        "execution_id": "ab12",
        "remote": "10.0.0.1",
        **changes,
    }


def test_json_lines():
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


def test_exceptions_are_one_field():
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


def test_stacks_are_kept():
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("x").info("here", stack_info=True)
    assert "test_stacks_are_kept" in str(lines_of(stream)[0]["exception"])


@pytest.mark.parametrize("format", ["json", "pretty"])
def test_hostile_text_stays_on_its_line(format):
    stream = io.StringIO()
    configure("info", format, stream)
    logging.getLogger("x").info("%s", HOSTILE, extra={"fields": {"a": HOSTILE, HOSTILE: 1}})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if format == "json":
        assert json.loads(written)["message"] == HOSTILE
        assert json.loads(written)["a"] == HOSTILE


def test_fields_cannot_replace_what_the_log_says_itself():
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("x").info("m", extra={"fields": {"level": "error", "ts": "0"}})
    (line,) = lines_of(stream)
    assert line["level"] == "info"
    assert line["ts"] != "0"


def test_values_json_has_no_word_for():
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


def test_level():
    stream = io.StringIO()
    configure("warning", "json", stream)
    logging.getLogger("x").info("no")
    logging.getLogger("x").warning("yes")
    assert [line["message"] for line in lines_of(stream)] == ["yes"]


def test_configuring_again_replaces_only_our_own_handler():
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("info", "json", second)
    logging.getLogger("x").info("once")
    assert first.getvalue() == ""
    assert len(lines_of(second)) == 1
    assert other in logging.getLogger().handlers


def test_stdout_is_the_default(capsys):
    configure("info", "json")
    logging.getLogger("x").info("out")
    assert json.loads(capsys.readouterr().out)["message"] == "out"


def test_auto_is_pretty_on_a_terminal_only():
    terminal, pipe = Terminal(), io.StringIO()
    configure("info", "auto", terminal)
    logging.getLogger("x").info("m")
    configure("info", "auto", pipe)
    logging.getLogger("x").info("m")
    assert terminal.getvalue().endswith("x: m\n")
    assert lines_of(pipe)[0]["message"] == "m"


def test_pretty_lines():
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


def test_an_error_of_several_lines_keeps_them_on_a_terminal(monkeypatch):
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


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch):
    def coloured(stream: io.StringIO) -> bool:
        configure("info", "pretty", stream)
        logging.getLogger("x").error("m")
        return "\x1b[" in stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())


def test_access_line_as_json():
    stream = io.StringIO()
    AccessLog("json", stream).write(**request(duration_ms=1.23456, outcome=Outcome.TIMEOUT))
    (line,) = lines_of(stream)
    assert str(line.pop("ts")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "nexus.access",
        **request(duration_ms=1.235, outcome="timeout"),
    }


def test_access_line_for_people():
    stream = Terminal()
    AccessLog("auto", stream).write(**request(handler=""))
    assert stream.getvalue()[12:] == " 200 GET /hello ok 1.250 ms - 12 B 10.0.0.1\n"


@pytest.mark.parametrize("format", ["json", "pretty"])
@pytest.mark.parametrize("key", ["method", "path", "handler", "execution_id", "remote"])
def test_access_lines_cannot_be_forged(format, key):
    stream = io.StringIO()
    AccessLog(format, stream).write(**request(**{key: HOSTILE}))
    assert stream.getvalue()[:-1].isprintable()
    if format == "json":
        assert json.loads(stream.getvalue())[key] == HOSTILE


def test_access_lines_of_many_threads_stay_whole():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    log = AccessLog("json", stream)

    def write(number: int) -> None:
        for _ in range(200):
            log.write(**request(path=f"/{number}" * 50))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.seek(0)
    paths = [json.loads(line)["path"] for line in stream]
    assert sorted(paths) == sorted(f"/{number}" * 50 for number in range(8) for _ in range(200))


def test_a_stream_that_fails_does_not_fail_the_request():
    stream = io.StringIO()
    log = AccessLog("json", stream)
    stream.close()
    log.write(**request())
    assert log.lost == 1
    full = open("/dev/full", "w")  # noqa: SIM115  (closing it fails as well)
    log = AccessLog("json", full)
    log.write(**request())
    assert log.lost == 1
    with pytest.raises(OSError, match="No space left"):
        full.close()


@pytest.mark.parametrize("seconds", [0.0, 1_700_000_000.0, 1_700_000_000.5, 1_700_000_001.999])
def test_timestamps(seconds):
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    expected = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    assert timestamp(seconds) == expected
    assert timestamp(seconds) == expected


def test_guest_lines():
    raw = b"one\r\n\n  \n\x00\ntwo\tx\x1b[31m\x00\x7f\xff\nthr\xc2\x85ee\n"
    assert guest_lines(raw) == ["one", "two x[31m\ufffd", "thr", "ee"]
    assert guest_lines(b"") == []


def test_long_guest_lines_are_cut():
    assert guest_lines(b"x" * 4096) == ["x" * 4096]
    assert guest_lines(b"x" * 4097) == ["x" * 4095 + "…"]


def test_many_guest_lines_are_counted():
    assert guest_lines(b"x\n" * 200) == ["x"] * 200
    assert guest_lines(b"x\n" * 1000) == ["x"] * 200 + ["… 800 more lines"]


@given(st.binary(max_size=300))
def test_guest_lines_never_hold_control_characters(raw):
    for line in guest_lines(raw):
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line)


@given(st.text())
def test_escaped_text_is_printable(text):
    assert escape(text).isprintable()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<3>bad", (logging.ERROR, "bad")),
        ("<4>odd", (logging.WARNING, "odd")),
        ("<7>fine", (logging.DEBUG, "fine")),
        ("plain", (logging.INFO, "plain")),
        ("<9>plain", (logging.INFO, "<9>plain")),
    ],
)
def test_a_guests_line_may_have_a_level(line: str, expected: tuple[int, str]) -> None:
    assert split_level(line) == expected
