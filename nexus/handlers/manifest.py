"""The manifest of a handler: NAME.toml beside its module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError

from nexus.config.problems import explain
from nexus.config.toml_file import read_toml
from nexus.errors import ManifestError
from nexus.handlers.fields import (
    ARGS_BYTES,
    ENV_BYTES,
    Capability,
    Cores,
    Cron,
    GuestPath,
    HandlersFolder,
    HttpGrant,
    KvGrant,
    Method,
    Route,
    Variable,
    VariableValue,
    bounded,
    distinct,
    each_once,
    few_arguments,
)
from nexus.handlers.files import ALLOWED as ALLOWED_FILES
from nexus.handlers.files import few_mounts
from nexus.handlers.names import check_name
from nexus.handlers.schema import Schema
from nexus.model import CpuAllocation, Handler, Isolation, Limits
from nexus.outbound.grants import ALLOWED as ALLOWED_HOSTS
from nexus.plugin_api.capabilities import ALLOWED as ALLOWED_TOKENS
from nexus.plugin_api.option_types import Allowed, Whole
from nexus.pod.quantity import ALLOWED as ALLOWED_CORES
from nexus.schedules.cron import ALLOWED as ALLOWED_CRON
from nexus.stores.grants import ALLOWED as ALLOWED_NAMESPACES

_HOUR_MS = 3_600_000


class CpuTable(BaseModel):
    """The manifest's `cpu` table, in Kubernetes notation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: Cores | None = None
    """weight among competing handlers; None: the limit's, or 100m without a limit"""
    limit: Cores | None = None
    """the most it may use, over all workers of a pod"""

    def allocation(self) -> CpuAllocation:
        """Return the allocation, with Kubernetes' defaults."""
        request = self.request or self.limit or CpuAllocation.request_cores
        return CpuAllocation(request, self.limit)


class Manifest(BaseModel):
    """The operator's options for one handler; None: the settings apply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: Route
    """this path and everything below it"""
    methods: Annotated[
        frozenset[Method],
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
    capabilities: Annotated[tuple[Capability, ...], Allowed(f"a list of: {ALLOWED_TOKENS}")] = ()
    kv: Annotated[tuple[KvGrant, ...], AfterValidator(each_once), Allowed(ALLOWED_NAMESPACES)] = ()
    """namespaces of the key-value store"""
    http: Annotated[tuple[HttpGrant, ...], Allowed(ALLOWED_HOSTS)] = ()
    """servers that it may send requests to"""
    schedule: Annotated[tuple[Cron, ...], AfterValidator(distinct), Allowed(ALLOWED_CRON)] = ()
    """times at which it is called"""
    files: Annotated[
        Mapping[GuestPath, HandlersFolder], AfterValidator(few_mounts), Allowed(ALLOWED_FILES)
    ] = Field(default_factory=dict)
    """read-only folders, by their paths in the guest"""
    static: Annotated[bool, Strict(), Allowed("true or false")] = False
    """whether the handler is the folder of its name, whose files are its answers"""
    scratch_mb: Whole | None = Field(None, ge=1, le=1024)
    """size of an empty, writable `/tmp` that each request gets"""
    cpu: Annotated[CpuTable, Allowed(f"a table of request and limit: {ALLOWED_CORES}")] = CpuTable()
    args: Annotated[
        tuple[VariableValue, ...],
        AfterValidator(few_arguments),
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
        Mapping[Variable, VariableValue],
        AfterValidator(bounded),
        Allowed(
            "a table of strings without NUL, by names of letters, digits and '_', of at most "
            f"{ENV_BYTES} bytes together"
        ),
    ] = Field(default_factory=dict)
    secrets: Annotated[
        tuple[Variable, ...],
        AfterValidator(distinct),
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
