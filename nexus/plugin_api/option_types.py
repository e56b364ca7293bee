"""Types and parsers of settings, for text (environment, command line) and TOML alike.

They are stricter than pydantic's own conversions, which read "10.0", "1_000", `true` and 10.0 as
whole numbers: a rejected setting is better than a misread one.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, Field
from pydantic.fields import FieldInfo

from nexus.plugin_api.capabilities import ALLOWED as ALLOWED_TOKENS
from nexus.plugin_api.capabilities import check_token

_WHOLE = re.compile(r"-?[0-9]{1,20}")  # no range below needs more digits, and int() stays cheap
_FLAGS = {"true": True, "yes": True, "on": True, "1": True}
_FLAGS |= {"false": False, "no": False, "off": False, "0": False}
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,80})?")
_UNIX_PATH_BYTES = 107  # sun_path holds 108 with its final NUL: unix(7)

LEAST_WEIGHT, MOST_WEIGHT = 0.01, 100.0


@dataclass(frozen=True)
class Allowed:
    """Field metadata: the allowed values, in words."""

    text: str


@dataclass(frozen=True)
class Derived:
    """Field metadata: a derived default, in words."""

    text: str


class Live:
    """Field metadata: a change takes effect while running (`nexus.config.live`)."""


LIVE = Live()


def parse_whole(value: object) -> int:
    """Read a whole number. Raises: ValueError, also for floats, booleans and digit groups."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a whole number")


def parse_flag(value: object) -> bool:
    """Read true/false, yes/no, on/off or 1/0, in any case. Raises: ValueError."""
    if isinstance(value, (str, int)) and (key := str(value).lower()) in _FLAGS:
        return _FLAGS[key]
    raise ValueError("neither true nor false")


def parse_path(value: object) -> Path:
    """Read a path; refuse the empty one, which would mean the working directory.

    Raises: ValueError.
    """
    if isinstance(value, (str, Path)) and str(value) and "\0" not in str(value):
        return Path(value)
    raise ValueError("not a path")


def parse_file(value: object) -> str:
    """Read the path of a file, or nothing. Raises: ValueError."""
    return "" if value == "" else str(parse_path(value))


def parse_header(value: object) -> str:
    """Check the name of a request header (letters, digits and `-`: CGI cannot distinguish other
    characters), or an empty text. Raises: ValueError."""
    if isinstance(value, str) and _HEADER.fullmatch(value):
        return value
    raise ValueError("not a header's name")


def parse_capabilities(value: object) -> tuple[str, ...]:
    """Read a list of capabilities; in text it is JSON, or the capabilities joined by commas.
    Raises: ValueError."""
    if isinstance(value, str):
        is_json = value.lstrip().startswith("[")
        value = json.loads(value) if is_json else [part.strip() for part in value.split(",")]
        value = [part for part in value if part != ""]
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
        raise ValueError("not a list of strings")
    return tuple(map(check_token, value))


def parse_weights(value: object) -> dict[str, float]:
    """Read a table of weights; text must be JSON. Raises: ValueError."""
    try:
        table = json.loads(value) if isinstance(value, str) else value
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(table, Mapping):
        raise ValueError("not a table")
    for weight in table.values():
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
            raise ValueError("not a weight")
    return {str(key): float(weight) for key, weight in table.items()}


def parse_bind(value: object) -> str:
    """Check an address to listen on: HOST:PORT, [IPv6]:PORT or unix:/PATH. Raises: ValueError."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("not an address")
    if value.startswith("unix:"):
        path = value.removeprefix("unix:")
        if not path.startswith("/") or len(path.encode()) > _UNIX_PATH_BYTES:
            raise ValueError("not the absolute path of a socket")
        return value
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("no port")
    if host.startswith("[") and host.endswith("]"):
        ipaddress.IPv6Address(host[1:-1])
    elif re.fullmatch(r"[0-9.]+", host):
        ipaddress.IPv4Address(host)
    elif not _HOST_NAME.fullmatch(host):
        raise ValueError("no host")
    return value


def is_loopback(address: str) -> bool:
    """Return whether *address*, HOST:PORT, can be reached from this machine alone."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_management_bind(value: object) -> str:
    """Check an address to listen on that probes can reach, or nothing. Raises: ValueError."""
    if value == "":
        return ""
    address = parse_bind(value)
    if address.startswith("unix:"):
        raise ValueError("a socket's path, which probes cannot reach")
    return address


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Whole: TypeAlias = Annotated[int, BeforeValidator(parse_whole)]
"""A whole number; the field's `ge` and `le` are its range"""
Flag: TypeAlias = Annotated[
    bool, BeforeValidator(parse_flag), Allowed("true or false (also yes/no, on/off, 1/0)")
]
Folder: TypeAlias = Annotated[Path, BeforeValidator(parse_path), Allowed("a path")]
File: TypeAlias = Annotated[
    str, BeforeValidator(parse_file), Allowed("the path of a file, or nothing")
]
OptionalFolder: TypeAlias = Annotated[
    str, BeforeValidator(parse_file), Allowed("the path of a folder, or nothing")
]
Digest: TypeAlias = Annotated[
    str,
    Field(pattern=r"^([0-9a-f]{64})?$"),
    Allowed(
        "64 hexadecimal digits in lower case, set together with the path of the file, or nothing"
    ),
]
Header: TypeAlias = Annotated[
    str,
    BeforeValidator(parse_header),
    Allowed("the name of a header (letters, digits and -), or nothing"),
]
Name: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[a-z0-9_-]{1,80}$"),
    Allowed("a name of lower case letters, digits, - and _"),
]
Weights: TypeAlias = Annotated[
    Mapping[str, float],
    BeforeValidator(parse_weights),
    Allowed(f"a table of numbers from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}, in text as JSON"),
]
CapabilityList: TypeAlias = Annotated[
    tuple[str, ...],
    BeforeValidator(parse_capabilities),
    Allowed(f"a list of: {ALLOWED_TOKENS}; in text as JSON or joined by commas"),
]
Bind: TypeAlias = Annotated[
    str, BeforeValidator(parse_bind), Allowed("HOST:PORT, [IPV6]:PORT or unix:/PATH")
]
ManagementBind: TypeAlias = Annotated[
    str, BeforeValidator(parse_management_bind), Allowed("HOST:PORT or [IPV6]:PORT, or nothing")
]
LogLevel: TypeAlias = Annotated[
    Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)
]


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),  # which are whole numbers in Python
    (int, "a whole number"),
    (float, "a number"),
    (str, "a string"),
    (Path, "a path"),
    (Mapping, "a table"),
    (BaseModel, "a table"),
    (Iterable, "a list"),
)
"""what a type is called, the first that fits"""


def allowed(field: FieldInfo) -> str:
    """Say what *field* takes, in words: its `Allowed` text, its choices, or its kind and range."""
    return _described(field.annotation, field.metadata)


def _described(annotation: Any, metadata: Sequence[object]) -> str:
    for entry in metadata:
        if isinstance(entry, Allowed):
            return entry.text
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        added = [getattr(entry, "metadata", [entry]) for entry in arguments[1:]]
        return _described(arguments[0], [*metadata, *chain(*added)])
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin in (Union, UnionType):
        kinds = [kind for kind in arguments if kind is not NoneType]
        return " or ".join(_described(kind, metadata) for kind in kinds)
    kind = origin or annotation
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return ", ".join(str(choice.value) for choice in kind)
        for base, words in _KINDS:
            if issubclass(kind, base):
                return words + _range(metadata)
    return "any value"


def _range(metadata: Sequence[object]) -> str:
    least = [entry.ge for entry in metadata if isinstance(entry, Ge)]
    most = [entry.le for entry in metadata if isinstance(entry, Le)]
    if least and most:
        return f" from {least[0]} to {most[0]}"
    return f" of at least {least[0]}" if least else f" of at most {most[0]}" if most else ""
