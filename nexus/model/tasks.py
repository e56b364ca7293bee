"""Tasks that guests do, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from nexus.model.client import Client, Sender
from nexus.model.results import ExtensionAnswer
from nexus.model.schedule import Scheduled

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A value that `json.loads` may return"""

R = TypeVar("R", covariant=True)


class Task(Generic[R]):
    """A task for a guest; R is the type of its answer."""

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
    """An HTTP request, or the call of a schedule in the form of one."""

    meta: Mapping[str, Any]
    """CGI/1.1 meta-variables (RFC 3875 section 4.1), or a WSGI environ, which has more: the guest
    sees only `str` values under names from that section"""
    body: bytes = b""
    sender: Sender | None = None
    """sends an answer before the run ends; None: the answer waits for that"""
    client: Client | None = None
    """what *sender* opened, if the run answered early"""
    scheduled: Scheduled | None = None
    """the due time, if a schedule calls; a status from 400 on then says that the run failed"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The answer of a guest that waits for deferred answers, with an empty call stack."""

    image: object
    """the guest's whole state; its ABI alone knows how to continue from it"""
    size_bytes: int
    """of *image*"""
    wake_s: float | None = None
    """seconds until the guest's next timer is due; None: it has no timer. Comes from the guest: it
    may be any float, NaN included"""


class Answered(NamedTuple):
    """The answer to a question that was deferred."""

    number: int
    """the question's (`Deferred.number`)"""
    answer: ExtensionAnswer


@dataclass(slots=True)
class Context(Task["JsonValue | Waiting"]):
    """A JSON context; the guest answers it with a value."""

    json: bytes


@dataclass(frozen=True, slots=True)
class Resumption(Task["JsonValue | Waiting"]):
    """The task to continue a guest that waits, on any instance of its module that is in the state
    of the snapshot. Timers that are due run first."""

    waiting: Waiting
    answered: Answered | None
    """None: only timers are due"""
    begins: Callable[[], None]
    """the ABI calls this when the guest is about to continue"""


class MountedFolder(NamedTuple):
    """A folder of the host that a command line sees."""

    path: Path
    at: str
    """its path in the guest"""
    writable: bool


@dataclass(slots=True)
class Command(Task[int]):
    """A command line; the guest answers it with its exit code."""

    args: tuple[str, ...]
    env: Mapping[str, str]
    read_stdin: Callable[[int], bytes]
    """returns up to n bytes; empty at the end"""
    write_stdout: Callable[[bytes], None]
    write_stderr: Callable[[bytes], None]
    folders: Sequence[MountedFolder] = ()
