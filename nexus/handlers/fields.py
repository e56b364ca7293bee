"""The values of a manifest, each with its check; `manifest.py` puts them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from nexus.handlers.files import parse_folder, parse_guest_path
from nexus.outbound.grants import read_grant
from nexus.plugin_api.capabilities import check_token
from nexus.plugin_api.option_types import Allowed
from nexus.plugin_api.problems import described, shown
from nexus.pod.quantity import ALLOWED as ALLOWED_CORES
from nexus.pod.quantity import parse_cores
from nexus.schedules.cron import read_entry
from nexus.stores.grants import grants_of
from nexus.stores.grants import read_grant as read_namespace

_METHOD = re.compile(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,32}")  # RFC 9110 section 5.6.2, in upper case
_ROUTE = re.compile(r"/|(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")  # RFC 3986 pchar, not encoded
_ROUTE_CHARACTERS = 512
ENV_BYTES = 32 << 10
"""of names and values together; the kernel gives a process of its own 2 MiB for them"""
ARGS_BYTES = 32 << 10
"""of all arguments together, each with a NUL"""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return value


def _parse_route(value: object) -> str:
    route = _text(value)
    dotted = any(segment in (".", "..") for segment in route.split("/"))
    if dotted or len(route) > _ROUTE_CHARACTERS or not _ROUTE.fullmatch(route):
        raise ValueError("not a route")
    return route


def _parse_method(value: object) -> str:
    if not _METHOD.fullmatch(method := _text(value)):
        raise ValueError("not an upper-case token")
    return method


def _parse_capability(value: object) -> str:
    return check_token(_text(value))


def _parse_grant(value: object) -> str:
    return read_grant(_text(value)).text


def _parse_variable(value: object) -> str:
    if not _VARIABLE.fullmatch(name := _text(value)):
        raise ValueError("not a variable name")
    return name


def _parse_variable_value(value: object) -> str:
    if "\0" in (text := _text(value)):
        raise ValueError("holds a NUL")
    return text


def few_arguments(args: tuple[str, ...]) -> tuple[str, ...]:
    """Return *args* unless they are too large. Raises: ValueError."""
    if sum(len(argument.encode()) + 1 for argument in args) > ARGS_BYTES:
        raise ValueError("too large")
    return args


def _parse_kv(value: object) -> str:
    read_namespace(text := _text(value))
    return text


def each_once(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return *entries* unless two of them are about one namespace. Raises: ValueError."""
    grants_of(entries)
    return entries


def _parse_cron(value: object) -> str:
    try:
        return read_entry(_text(value))
    except ValueError as error:
        raise described(f"{shown(value)} ({error})") from error


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return *names* unless one of them is there twice. Raises: ValueError."""
    if len(set(names)) < len(names):
        raise ValueError("a name twice")
    return names


def bounded(env: Mapping[str, str]) -> Mapping[str, str]:
    """Return *env* unless it is too large. Raises: ValueError."""
    if sum(len(name.encode()) + len(value.encode()) for name, value in env.items()) > ENV_BYTES:
        raise ValueError("too large")
    return env


Route: TypeAlias = Annotated[
    str,
    BeforeValidator(_parse_route),
    Allowed(
        f"a path of at most {_ROUTE_CHARACTERS} characters that begins with '/' and has no "
        "trailing '/', no '//', no '.' or '..' segment, no query and no percent-encoding"
    ),
]
Method: TypeAlias = Annotated[str, BeforeValidator(_parse_method)]
Capability: TypeAlias = Annotated[str, BeforeValidator(_parse_capability)]
HttpGrant: TypeAlias = Annotated[str, BeforeValidator(_parse_grant)]
Variable: TypeAlias = Annotated[str, BeforeValidator(_parse_variable)]
VariableValue: TypeAlias = Annotated[str, BeforeValidator(_parse_variable_value)]
GuestPath: TypeAlias = Annotated[str, BeforeValidator(parse_guest_path)]
HandlersFolder: TypeAlias = Annotated[str, BeforeValidator(parse_folder)]
KvGrant: TypeAlias = Annotated[str, BeforeValidator(_parse_kv)]
Cron: TypeAlias = Annotated[str, BeforeValidator(_parse_cron)]
Cores: TypeAlias = Annotated[float, BeforeValidator(parse_cores), Allowed(ALLOWED_CORES)]
