"""docs/facts.md: its numbers, the references to them, and the commands that show each fact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nexus.cli.main import command as nexus
from tests.support import ROOT

PAGE = ROOT / "docs" / "facts.md"
SEARCHED = ("nexus", "tests", "docs", "bench", "plugins", "examples", "deploy", "scripts")
TEXT = {".py", ".md", ".js", ".c", ".h", ".zig", ".wat", ".toml", ".yaml", ".sh", ".cfg", ".env"}
NUMBERS = r"[0-9]+(?:(?:,\s+|\s+and\s+|\s+to\s+)[0-9]+)*"
REFERENCE = re.compile(rf"\bfacts?\s+({NUMBERS})", re.IGNORECASE)
HEADING = re.compile(r"^### ([0-9]+)\. (.+)$", re.MULTILINE)


def facts() -> dict[int, str]:
    """The text of each fact by its number, in the page's order."""
    parts = HEADING.split(PAGE.read_text())[1:]
    numbers = [int(number) for number in parts[::3]]
    assert numbers == sorted(set(numbers)), "numbers rise, and none is given twice"
    return dict(zip(numbers, parts[2::3], strict=True))


FACTS = facts()


def files() -> Iterator[Path]:
    yield from (path for path in ROOT.glob("*") if path.is_file() and path.suffix in TEXT)
    for folder in SEARCHED:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in TEXT)


def referred(text: str) -> set[int]:
    """The facts that *text* names."""
    return {int(number) for each in REFERENCE.findall(text) for number in re.findall(r"\d+", each)}


def test_references_are_found_in_all_their_forms() -> None:
    text = "(fact 3). Facts 4 and 5; facts 10, 11\n  and 23: in fact nothing, artifact 7"
    assert referred(text) == {3, 4, 5, 10, 11, 23}


def test_every_reference_leads_to_a_fact() -> None:
    found = {path: referred(path.read_text(errors="replace")) for path in files()}
    dangling = {str(path): numbers - FACTS.keys() for path, numbers in found.items()}
    assert not {path: numbers for path, numbers in dangling.items() if numbers}
    assert set().union(*found.values()), "nothing was searched"


def test_nothing_refers_to_a_page_that_is_not_here() -> None:
    """The design this grew from had sections and facts, and was never part of the repository."""
    elsewhere = re.compile(r"\bDESIGN (?:section|facts?)\b")
    mine = Path(__file__)
    assert not [path for path in files() if path != mine and elsewhere.search(path.read_text())]


@pytest.mark.parametrize("number", FACTS)
def test_every_fact_has_a_command_that_can_be_run(number: int) -> None:
    commands = re.findall(r"^    (.+)$", FACTS[number], re.MULTILINE)
    assert commands
    for command in commands:
        if tests := re.fullmatch(r'make test ARGS="?([^"]+)"?', command):
            paths, _, word = tests[1].partition(" -k ")
            found = "".join(read(ROOT / path) for path in paths.split())
            assert not word or re.search(rf"def test_\w*{word}\w*\(", found), command
        elif bench := re.match(r"python -m bench\.(\w+)", command):
            assert (ROOT / "bench" / f"{bench[1]}.py").exists(), command
        elif program := re.match(r"nexus (\w+)", command):
            assert program[1] in nexus.list_commands(click.Context(nexus)), command
        else:
            assert "scripts/setup.sh" in command


def read(path: Path) -> str:
    """The text of a test file, or of all in a folder."""
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert found, f"there is no {path}"
    return "".join(each.read_text() for each in found)
