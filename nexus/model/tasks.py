"""Tasks: what a guest can be asked to do, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from nexus.model.results import ExtensionAnswer

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""what `json.loads` returns"""

R = TypeVar("R", covariant=True)


class Task(Generic[R]):
    """What a guest can be asked to do; R is what it answers."""

    __slots__ = ()


@dataclass(slots=True)
class HttpResponse:
    """A guest's answer to an HTTP request."""

    status: int
    headers: list[tuple[str, str]]
    """without Content-Length, Connection and other hop-by-hop fields"""
    body: bytes
    reason: str = ""
    """reason phrase; empty: the usual one for the status"""
    length: int | None = None
    """Content-Length where no body is sent, in answers to HEAD and with 304: what a GET would have;
    None: not known"""


@dataclass(slots=True)
class HttpRequest(Task[HttpResponse]):
    """An HTTP request."""

    meta: Mapping[str, Any]
    """CGI/1.1 meta-variables (RFC 3875 section 4.1), of which a WSGI environ is a superset:
    what is not a `str`, or not a name of that section, is not for the guest"""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer of a guest that waits for an extension, with nothing of it left on the stack."""

    extension: str
    method: str
    arguments: bytes
    image: object
    """all there is of the guest; its ABI alone knows how to go on from it"""
    size_bytes: int
    """of *image*"""


@dataclass(slots=True)
class Context(Task["JsonValue | Asked"]):
    """A JSON context, which a guest answers with a value."""

    json: bytes


@dataclass(frozen=True, slots=True)
class Resumption(Task["JsonValue | Asked"]):
    """The task to go on from where a guest asked, with the answer; on any instance of its module
    that is in the state of the snapshot."""

    asked: Asked
    answer: ExtensionAnswer
    begins: Callable[[], None]
    """to be called when the guest is about to go on"""


@dataclass(slots=True)
class Command(Task[int]):
    """A command line, which a guest answers with its exit code."""

    args: tuple[str, ...]
    env: Mapping[str, str]
    read_stdin: Callable[[int], bytes]
    """up to n bytes; empty at the end"""
    write_stdout: Callable[[bytes], None]
    write_stderr: Callable[[bytes], None]
