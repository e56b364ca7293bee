"""JavaScript errors: reads them from a guest and formats them for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from nexus.errors import GuestError, GuestTrap
from nexus.guest.js.source_maps.places import Places
from nexus.guest.own_limits import memory_limit, stack_limit

_POSITION: Final = re.compile(r"(?:at |\()([^\s()]+):([0-9]+):([0-9]+)\)?$", re.MULTILINE)
_OUR_FILES: Final = ("(nexus:", "(<input>:")
"""in stack frames of bootstrap and prelude, and of the web API's parts, which `eval` evaluates"""
_SHOWN_CHARACTERS: Final = 500
_STACK_CHARACTERS: Final = 8192
_LINE_CHARACTERS: Final = 160
_MEMORY: Final = ("InternalError", "out of memory")
_STACK: Final = ("RangeError", "Maximum call stack size exceeded")


class Thrown(NamedTuple):
    """A thrown value as strings; a value that is not an error object has only a *message*."""

    name: str
    message: str
    stack: str
    causes: str = ""
    """the error's causes, with their stacks"""

    def headline(self) -> str:
        """Return the error as a console shows it, without the stack."""
        message = self.message[:_SHOWN_CHARACTERS]
        if not self.name:
            return f"Uncaught {message}"
        return f"Uncaught {self.name}: {message}" if message else f"Uncaught {self.name}"

    def report(self) -> str:
        """Return the text for the log: the headline, the stack below it, and the causes."""
        head = f"{self.name}: {self.message}" if self.message else self.name
        below = self.stack.removeprefix(head).lstrip("\n").splitlines()
        lines = [*below, *self.causes.splitlines()]
        return "\n".join([self.headline(), *(line for line in lines if not _is_ours(line))])

    def as_guest_error(self) -> GuestError:
        """Return the matching Nexus error, without the stack."""
        kind = (self.name, self.message)
        if kind == _MEMORY:
            return memory_limit()
        if kind == _STACK:
            return stack_limit()
        error = GuestTrap(self.headline())
        error.quotes_guest = True
        return error


def out_of_memory(thrown: Thrown) -> Thrown:
    """Return *thrown*, which came when memory was full, as QuickJS's error for that."""
    return Thrown(*_MEMORY, thrown.stack)


def own_calls(stack: str) -> list[str]:
    """Return the lines of *stack* that are calls in the handler's own files."""
    lines = stack[:_STACK_CHARACTERS].splitlines()
    return [line for line in lines if line.startswith("    at ") and not _is_ours(line)]


def parse_thrown(text: bytes) -> Thrown:
    """Read a thrown value that `bootstrap.js` wrote as JSON.

    The JSON is untrusted: a handler that adds `toJSON` to objects can replace any part of it.
    """
    return _read(text, lambda found: found)


def answered_error(text: bytes) -> Thrown:
    """Read the thrown value in the `error` of an answer, like `parse_thrown`."""
    return _read(text, lambda found: found["error"])


def _is_ours(line: str) -> bool:
    return any(name in line for name in _OUR_FILES)


def _read(text: bytes, part: Callable[[Any], Any]) -> Thrown:
    try:
        described = part(json.loads(text.decode("utf-8", "replace")))
        return Thrown(*[str(described.get(key) or "") for key in Thrown._fields])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Thrown("", "an error that cannot be read", "")


def locate(thrown: Thrown, files: Mapping[str, bytes], places: Places) -> str:
    """Describe an error of loading *files*: file, line, column, message and the source line, of
    the original file where *places* has it."""
    message = thrown.headline().removeprefix("Uncaught ")
    for name, line, column in _POSITION.findall(thrown.stack):
        if name in files:
            place = places.original(name, int(line), int(column))
            if place is not None:
                shown = source_line((place.content or "").encode(), place.line, place.column)
                return f"{place.file}:{place.line}:{place.column}: {message}{shown}"
            shown = source_line(files[name], int(line), int(column))
            return f"{name}:{line}:{column}: {message}{shown}"
    return message


def source_line(content: bytes, line: int, column: int) -> str:
    """Return the source *line*, with a mark below *column* and a line end before; or nothing."""
    lines = content.decode("utf-8", "replace").split("\n")
    if not 0 < line <= len(lines):
        return ""
    text = lines[line - 1].rstrip("\r").replace("\t", " ")
    start = max(0, column - 1 - _LINE_CHARACTERS // 2)
    shown = text[start : start + _LINE_CHARACTERS]
    gutter = f"{line} | "
    return f"\n{gutter}{shown}\n{' ' * (len(gutter) + column - 1 - start)}^"
