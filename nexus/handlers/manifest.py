"""The manifest of a handler: NAME.toml beside its module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from nexus.config.problems import explain
from nexus.config.toml_file import read_toml
from nexus.errors import InvalidHandler, ManifestError
from nexus.handlers.files import ALLOWED as ALLOWED_FILES
from nexus.handlers.files import few_mounts, parse_folder, parse_guest_path
from nexus.handlers.schema import Schema
from nexus.model import CpuAllocation, Handler, Isolation, Limits
from nexus.outbound.grants import ALLOWED as ALLOWED_HOSTS
from nexus.outbound.grants import read_grant
from nexus.plugin_api.capabilities import ALLOWED as ALLOWED_TOKENS
from nexus.plugin_api.capabilities import check_token
from nexus.plugin_api.option_types import Allowed, Whole
from nexus.plugin_api.problems import DESCRIBED, shown
from nexus.pod.quantity import ALLOWED, parse_cores
from nexus.schedules.cron import ALLOWED as ALLOWED_CRON
from nexus.schedules.cron import read_entry
from nexus.stores.grants import ALLOWED as ALLOWED_NAMESPACES
from nexus.stores.grants import grants_of
from nexus.stores.grants import read_grant as read_namespace

_HOUR_MS = 3_600_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
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


def _few(args: tuple[str, ...]) -> tuple[str, ...]:
    if sum(len(argument.encode()) + 1 for argument in args) > ARGS_BYTES:
        raise ValueError("too large")
    return args


def _parse_kv(value: object) -> str:
    read_namespace(text := _text(value))
    return text


def _each_once(entries: tuple[str, ...]) -> tuple[str, ...]:
    grants_of(entries)
    return entries


def _parse_cron(value: object) -> str:
    try:
        return read_entry(_text(value))
    except ValueError as error:
        found = f"{shown(value)} ({error})"
        raise PydanticCustomError(DESCRIBED, "{found}", {"found": found}) from error


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name twice")
    return names


def _bounded(env: Mapping[str, str]) -> Mapping[str, str]:
    if sum(len(name.encode()) + len(value.encode()) for name, value in env.items()) > ENV_BYTES:
        raise ValueError("too large")
    return env


_Route: TypeAlias = Annotated[
    str,
    BeforeValidator(_parse_route),
    Allowed(
        f"a path of at most {_ROUTE_CHARACTERS} characters that begins with '/' and has no "
        "trailing '/', no '//', no '.' or '..' segment, no query and no percent-encoding"
    ),
]
_Method: TypeAlias = Annotated[str, BeforeValidator(_parse_method)]
_Capability: TypeAlias = Annotated[str, BeforeValidator(_parse_capability)]
_HttpGrant: TypeAlias = Annotated[str, BeforeValidator(_parse_grant)]
_Variable: TypeAlias = Annotated[str, BeforeValidator(_parse_variable)]
_VariableValue: TypeAlias = Annotated[str, BeforeValidator(_parse_variable_value)]


_GuestPath: TypeAlias = Annotated[str, BeforeValidator(parse_guest_path)]
_Folder: TypeAlias = Annotated[str, BeforeValidator(parse_folder)]
_KvGrant: TypeAlias = Annotated[str, BeforeValidator(_parse_kv)]
_Cron: TypeAlias = Annotated[str, BeforeValidator(_parse_cron)]
_Cores: TypeAlias = Annotated[float, BeforeValidator(parse_cores), Allowed(ALLOWED)]


class CpuTable(BaseModel):
    """The manifest's `cpu` table, in Kubernetes notation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: _Cores | None = None
    """weight among competing handlers; None: the limit's, or 100m without a limit"""
    limit: _Cores | None = None
    """the most it may use, over all workers of a pod"""

    def allocation(self) -> CpuAllocation:
        """Return the allocation, with Kubernetes' defaults."""
        request = self.request or self.limit or CpuAllocation.request_cores
        return CpuAllocation(request, self.limit)


class Manifest(BaseModel):
    """The operator's options for one handler; None: the settings apply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: _Route
    """this path and everything below it"""
    methods: Annotated[
        frozenset[_Method],
        Field(min_length=1),
        Allowed("a list of at least one HTTP method in upper case"),
    ] = frozenset()
    """empty: all methods"""
    timeout_ms: Whole | None = Field(None, ge=1, le=_HOUR_MS)
    cpu_timeout_ms: Whole | None = Field(None, ge=1, le=_HOUR_MS)
    memory_limit_mb: Whole | None = Field(None, ge=1, le=4096)
    max_host_calls: Whole | None = Field(None, ge=1, le=10**9)
    max_concurrency: Whole | None = Field(None, ge=1, le=100_000)
    """executions of this handler at once, in one worker"""
    description: Annotated[
        str, Field(max_length=2000), Allowed("a string of at most 2000 characters")
    ] = ""
    """what the handler does, for those who choose it, such as a language model"""
    input_schema: Schema | None = None
    """the arguments that it takes"""
    priority: Whole = Field(Handler.priority, ge=0, le=9)
    """the highest goes first, under the scheduling policy `priority`"""
    isolation: Annotated[Isolation, Allowed(", ".join(kind.value for kind in Isolation))] = (
        Isolation.RESET
    )
    capabilities: Annotated[tuple[_Capability, ...], Allowed(f"a list of: {ALLOWED_TOKENS}")] = ()
    kv: Annotated[
        tuple[_KvGrant, ...], AfterValidator(_each_once), Allowed(ALLOWED_NAMESPACES)
    ] = ()
    """namespaces of the key-value store"""
    http: Annotated[tuple[_HttpGrant, ...], Allowed(ALLOWED_HOSTS)] = ()
    """servers that it may send requests to"""
    schedule: Annotated[tuple[_Cron, ...], AfterValidator(_distinct), Allowed(ALLOWED_CRON)] = ()
    """times at which it is called"""
    files: Annotated[
        Mapping[_GuestPath, _Folder], AfterValidator(few_mounts), Allowed(ALLOWED_FILES)
    ] = Field(default_factory=dict)
    """read-only folders, by their paths in the guest"""
    static: Annotated[bool, Strict(), Allowed("true or false")] = False
    """whether the handler is the folder of its name, whose files are its answers"""
    scratch_mb: Whole | None = Field(None, ge=1, le=1024)
    """size of an empty, writable `/tmp` that each request gets"""
    cpu: Annotated[CpuTable, Allowed(f"a table of request and limit: {ALLOWED}")] = CpuTable()
    args: Annotated[
        tuple[_VariableValue, ...],
        AfterValidator(_few),
        Allowed(f"a list of strings without NUL, of at most {ARGS_BYTES} bytes together"),
    ] = ()
    """a WebAssembly guest's arguments, after its name"""
    args_from_query: Annotated[bool, Strict(), Allowed("true or false")] = False
    """whether requests add the parts of their query to the arguments, as WAGI does"""
    strip_prefix: Annotated[bool, Strict(), Allowed("true or false")] = False
    """whether the URL that a guest in JavaScript or Python sees begins below the route"""
    stream: Annotated[bool, Strict(), Allowed("true or false")] = False
    """whether the body of an answer leaves as the guest writes it"""
    env: Annotated[
        Mapping[_Variable, _VariableValue],
        AfterValidator(_bounded),
        Allowed(
            "a table of strings without NUL, by names of letters, digits and '_', of at most "
            f"{ENV_BYTES} bytes together"
        ),
    ] = Field(default_factory=dict)
    secrets: Annotated[
        tuple[_Variable, ...],
        AfterValidator(_distinct),
        Allowed("a list of different names of letters, digits and '_'"),
    ] = ()
    """names of secrets, which become part of the guest's environment"""

    def limits(self, defaults: Limits) -> Limits:
        """Return *defaults*, changed by this manifest.

        If the manifest sets `timeout_ms` alone, and CPU time and wall time have one default, the
        CPU time changes with it, like `timeout_ms` in the settings.
        """
        changed = defaults
        if self.timeout_ms is not None:
            changed = replace(changed, timeout_s=self.timeout_ms / 1000)
            if defaults.cpu_timeout_s == defaults.timeout_s:
                changed = replace(changed, cpu_timeout_s=changed.timeout_s)
        if self.cpu_timeout_ms is not None:
            changed = replace(changed, cpu_timeout_s=self.cpu_timeout_ms / 1000)
        if self.memory_limit_mb is not None:
            changed = replace(changed, memory_bytes=self.memory_limit_mb << 20)
        if self.max_host_calls is not None:
            changed = replace(changed, max_host_calls=self.max_host_calls)
        return changed


def is_name(text: str) -> bool:
    """Return whether *text* is a valid name of a handler."""
    return _NAME.fullmatch(text) is not None


def nearest_name(text: str) -> str:
    """Return *text* if a handler may be called so, else a name like it that one may have."""
    if is_name(text):
        return text
    near = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[:64]
    return near if is_name(near) else "module"


def check_name(name: str) -> str:
    """Return *name* if it is a valid name of a handler.

    Raises: InvalidHandler.
    """
    if not is_name(name):
        raise InvalidHandler(
            f"handler name {name[:80]!r} is not allowed: 1 to 64 letters, digits, '_', '.' or '-', "
            "beginning with a letter or digit"
        )
    return name


def load_manifest(path: Path, name: str) -> Manifest:
    """Read the manifest of handler *name* at *path*; without a file, return the defaults.

    Raises: InvalidHandler for the name; ManifestError with one line for each problem.
    """
    check_name(name)
    try:
        table = read_toml(path)
    except FileNotFoundError:
        table = {}
    except ValueError as error:
        raise ManifestError([f"{path.name}: {error}"]) from error

    try:
        manifest = Manifest.model_validate({"route": f"/{name}", **table})
    except ValidationError as error:
        raise ManifestError(explain(error, Manifest, lambda _: path.name)) from error
    cpu = manifest.cpu
    if cpu.request is not None and cpu.limit is not None and cpu.request > cpu.limit:
        raise ManifestError(
            [f"{path.name}: cpu.request: found {cpu.request:g} cores, more than cpu.limit"]
        )
    if both := [name for name in manifest.secrets if name in manifest.env]:
        raise ManifestError([f"{path.name}: secrets: found {both[0]!r}, which env sets, too"])
    return manifest
