"""Where records go, in which form, and from which level on."""

from __future__ import annotations

import io
import json
import logging

from nexus.logs import configure
from tests.logs.support import Terminal, lines_of


def test_level() -> None:
    stream = io.StringIO()
    configure("warning", "json", stream)
    logging.getLogger("x").info("no")
    logging.getLogger("x").warning("yes")
    assert [line["message"] for line in lines_of(stream)] == ["yes"]


def test_configuring_again_replaces_only_our_own_handler() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("info", "json", second)
    logging.getLogger("x").info("once")
    assert first.getvalue() == ""
    assert len(lines_of(second)) == 1
    assert other in logging.getLogger().handlers


def test_stdout_is_the_default(capsys) -> None:
    configure("info", "json")
    logging.getLogger("x").info("out")
    assert json.loads(capsys.readouterr().out)["message"] == "out"


def test_auto_is_pretty_on_a_terminal_only() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    configure("info", "auto", terminal)
    logging.getLogger("x").info("m")
    configure("info", "auto", pipe)
    logging.getLogger("x").info("m")
    assert terminal.getvalue().endswith("x: m\n")
    assert lines_of(pipe)[0]["message"] == "m"


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch) -> None:
    def coloured(stream: io.StringIO) -> bool:
        configure("info", "pretty", stream)
        logging.getLogger("x").error("m")
        return "\x1b[" in stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
