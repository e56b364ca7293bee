"""Every setting, with its range and its meaning. A test compares `docs/configuration.md`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from nexus.config.plugin_tables import parse_tables
from nexus.config.problems import BELOW_OTHER
from nexus.config.proxy import PassedBy, ProxyUrl
from nexus.config.store_url import SQLITE, StoreUrl
from nexus.model import Limits
from nexus.plugin_api.option_types import (
    LIVE,
    Allowed,
    Bind,
    CapabilityList,
    Derived,
    Digest,
    File,
    Flag,
    Folder,
    Header,
    LogLevel,
    ManagementBind,
    Name,
    OptionalFolder,
    Weights,
    Whole,
    is_loopback,
    parse_file,
)
from nexus.plugin_api.problems import described

_HOUR_MS = 3_600_000
_MAX_BYTES = 2**31
_MANAGEMENT = "address that alone serves /metrics, /healthz, /readyz and /v1, on threads of its own"


def usable_cpus() -> int:
    """Return how many CPUs this process may run on, up to 256 (the largest `workers`)."""
    return min(len(os.sched_getaffinity(0)), 256)


class Settings(BaseSettings):
    """The settings of one Nexus process: checked, complete and immutable.

    Constructing one reads no environment and no file, only the arguments; `nexus.config.load`
    does the reading and passes its layers. Raises: pydantic.ValidationError.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    # The default factories use `get`: pydantic before 2.12 calls them even if a setting they depend
    # on is missing because it is wrong.

    # ---- what one execution may use
    timeout_ms: Annotated[Whole, LIVE] = Field(
        5000,
        ge=1,
        le=_HOUR_MS,
        description="wall-clock time of one request, waiting included, in ms",
    )
    cpu_timeout_ms: Annotated[Whole, Derived("same as timeout_ms"), LIVE] = Field(
        default_factory=lambda data: data.get("timeout_ms", 1),
        ge=1,
        le=_HOUR_MS,
        description="CPU time one execution may use, in ms",
    )
    memory_limit_mb: Annotated[Whole, LIVE] = Field(
        32, ge=1, le=4096, description="linear memory of one instance, in MiB"
    )
    max_stack_kb: Annotated[Whole, LIVE] = Field(
        1024, ge=16, le=1024, description="native stack one execution may use, in KiB"
    )
    max_host_calls: Annotated[Whole, LIVE] = Field(
        10_000,
        ge=1,
        le=10**9,
        description="host calls one execution may make, without those that read a clock",
    )
    max_request_bytes: Annotated[Whole, LIVE] = Field(
        10 << 20, ge=1, le=_MAX_BYTES, description="largest request body, in bytes"
    )
    max_response_bytes: Annotated[Whole, LIVE] = Field(
        10 << 20, ge=1, le=_MAX_BYTES, description="largest response body, in bytes"
    )
    max_header_bytes: Annotated[Whole, LIVE] = Field(
        64 << 10, ge=1, le=_MAX_BYTES, description="largest response header block, in bytes"
    )
    max_stderr_bytes: Annotated[Whole, LIVE] = Field(
        64 << 10,
        ge=1,
        le=_MAX_BYTES,
        description="stderr that Nexus keeps of one execution, in bytes",
    )
    max_effects: Annotated[Whole, LIVE] = Field(
        1000,
        ge=0,
        le=10**6,
        description="state mutations, events and view commands of one execution, counted together",
    )
    max_effect_bytes: Annotated[Whole, LIVE] = Field(
        1 << 20,
        ge=1,
        le=_MAX_BYTES,
        description="total size of those effects, and size of one value to or from an extension, "
        "in bytes",
    )

    text_capabilities: Annotated[CapabilityList, Derived("none")] = Field(
        (), description="capabilities that clients of the runtime API may give to source text"
    )

    # ---- requests that handlers send (docs/outbound.md)
    http_max_outbound: Annotated[Whole, LIVE] = Field(
        10,
        ge=1,
        le=256,
        description="outbound requests of one execution under way at once; others wait for one of "
        "them to end",
    )
    http_max_response_bytes: Annotated[Whole, LIVE] = Field(
        10 << 20,
        ge=1,
        le=_MAX_BYTES,
        description="largest body of an answer to an outbound request, decompressed, in bytes",
    )
    http_timeout_ms: Annotated[Whole, LIVE] = Field(
        30_000,
        ge=1,
        le=_HOUR_MS,
        description="longest time an outbound request may take, redirects and body included, in "
        "ms; the handler's own deadline ends it earlier",
    )
    http_proxy: Annotated[ProxyUrl, Derived("none")] = Field(
        "", description="HTTP proxy that opens the connections of outbound requests, by CONNECT"
    )
    http_proxy_auth_file: Annotated[File, Derived("none")] = Field(
        "", description="file with USER:PASSWORD for the proxy"
    )
    http_proxy_bypass: Annotated[PassedBy, Derived("none")] = Field(
        "", description="hosts whose connections do not go by the proxy"
    )
    http_proxy_resolves: Flag = Field(
        False,
        description="pass names to the proxy, unresolved: then Nexus cannot check their addresses, "
        "and the proxy must refuse those that are not public",
    )

    # ---- pool and queue
    min_instances: Whole = Field(
        2, ge=0, le=1000, description="instances that each worker warms when it starts"
    )
    max_instances: Annotated[Whole, LIVE] = Field(
        10,
        ge=1,
        le=1000,
        description="most instances of one worker, and so most executions at once",
    )
    pool_memory_mb: Annotated[Whole, Derived("max_instances times memory_limit_mb"), LIVE] = Field(
        default_factory=lambda data: data.get("max_instances", 1) * data.get("memory_limit_mb", 1),
        ge=1,
        le=1 << 22,
        description="linear memory of all instances of one worker together, "
        "and scratch_mb of running ones, in MiB",
    )
    max_queue: Annotated[Whole, LIVE] = Field(
        100, ge=0, le=100_000, description="requests of one worker that may wait for an instance"
    )

    # ---- order in the queue (docs/scheduling.md)
    scheduling_policy: Name = Field(
        "fifo",
        description="order in which waiting requests run: fifo, priority, shortest, deadline, or "
        "a plugin's policy",
    )
    scheduling_key_header: Annotated[Header, Derived("none (each handler is a key)")] = Field(
        "", description="request header whose value is the key of a request, such as a tenant's id"
    )
    scheduling_weights: Annotated[Weights, Derived("1 for each key"), LIVE] = Field(
        default_factory=dict, description="share of each key under the policy fair"
    )
    scheduling_priority_header: Annotated[
        Header, Derived("none (the manifest sets the priority)")
    ] = Field("", description="request header that may set a priority from 0 to 9")
    scheduling_ageing_ms: Whole = Field(
        500,
        ge=1,
        le=_HOUR_MS,
        description="waiting time that counts as much as one step of priority, in ms",
    )
    scheduling_target_ms: Whole = Field(
        100,
        ge=1,
        le=_HOUR_MS,
        description="longest wait in the queue under the policy adaptive, in ms",
    )

    # ---- suspended executions
    max_suspended: Whole = Field(
        100, ge=0, le=100_000, description="executions of one worker that may be suspended at once"
    )
    suspension_timeout_ms: Whole = Field(
        300_000,
        ge=1,
        le=24 * _HOUR_MS,
        description="time after which Nexus ends an execution with an unanswered question, in ms",
    )
    result_ttl_ms: Whole = Field(
        300_000,
        ge=0,
        le=24 * _HOUR_MS,
        description="how long a worker keeps the result of an execution that was suspended, in ms",
    )

    # ---- server
    cpu_profile: Literal["none", "burst", "guaranteed", "throughput", "latency", "edge"] = Field(
        "none", description="CPU profile that derives the number of workers from the pod's cores"
    )
    server: Literal["gunicorn", "granian"] = Field(
        "gunicorn",
        description="server that reads and writes HTTP in each worker (docs/servers.md)",
    )
    bind: Bind = Field("127.0.0.1:8000", description="address to listen on")
    management_bind: Annotated[ManagementBind, Derived("none (the main port serves them, too)")] = (
        Field("", description=_MANAGEMENT)
    )
    welcome: Annotated[Flag, Derived("true if bind is an address of this machine alone")] = Field(
        default_factory=lambda data: is_loopback(data.get("bind", "")),
        description="show at / what the server serves: a page for browsers, JSON for programs",
    )
    console: Flag = Field(
        False,
        description="serve the console at /_nexus/ on the main port, if there is an admin token; "
        "the management port always has it",
    )
    workers: Annotated[Whole, Derived("from the pod's CPU and memory")] = Field(
        default_factory=usable_cpus, ge=1, le=256, description="gunicorn worker processes"
    )
    http_max_concurrent: Whole = Field(
        10, ge=1, le=1000, description="HTTP requests that one worker handles at once"
    )
    threads: Annotated[Whole, Derived("http_max_concurrent or max_instances")] = Field(
        default_factory=lambda data: data.get("http_max_concurrent", 1),
        ge=1,
        le=1000,
        description="gunicorn threads of one worker",
    )
    http_timeout: Annotated[Whole, LIVE] = Field(
        30_000,
        ge=1,
        le=_HOUR_MS,
        description="longest time a request body may take to arrive unless http_body_timeout_ms "
        "is set, in ms",
    )
    http_head_timeout_ms: Annotated[Whole, LIVE] = Field(
        10_000,
        ge=1,
        le=_HOUR_MS,
        description="longest time a client may take to send a request's head, and for a new "
        "connection's TLS handshake, in ms",
    )
    http_body_timeout_ms: Annotated[Whole, Derived("same as http_timeout"), LIVE] = Field(
        default_factory=lambda data: data.get("http_timeout", 1),
        ge=1,
        le=_HOUR_MS,
        description="longest time a client may take to send a request body, in ms",
    )
    http_send_timeout_ms: Annotated[Whole, LIVE] = Field(
        60_000,
        ge=1,
        le=_HOUR_MS,
        description="longest time a client may take to receive an answer, in ms",
    )
    http_min_bytes_per_second: Annotated[Whole, LIVE] = Field(
        240,
        ge=0,
        le=10**9,
        description="slowest rate at which a client may send a body and receive an answer after "
        "the first 5 s; 0 allows any rate",
    )
    drain_delay_ms: Annotated[Whole, LIVE] = Field(
        1000,
        ge=0,
        le=600_000,
        description="after SIGTERM, time for which /readyz answers 503 before the worker stops "
        "accepting, in ms",
    )
    stuck_after_ms: Whole = Field(
        10_000,
        ge=100,
        le=_HOUR_MS,
        description="time past its deadline after which Nexus replaces the worker of an execution "
        "that reaches no checkpoint, in ms",
    )

    # ---- handlers, engine, compiler child
    handlers_dir: Folder = Field(Path("handlers"), description="folder of the handlers")
    state_dir: Annotated[Folder, Derived("handlers_dir/.nexus")] = Field(
        default_factory=lambda data: data.get("handlers_dir", Path("handlers")) / ".nexus",
        description="folder of what outlives the server: deployed versions and the built-in "
        "key-value store; all workers share it",
    )
    version_store: StoreUrl = Field(
        SQLITE,
        description="where deployed versions are kept; sqlite: in a file of state_dir "
        "(docs/versions.md)",
    )
    artifact_key_file: Annotated[File, Derived("none (compiled code is not shared)")] = Field(
        "",
        description="file with a key that signs compiled code in version_store, for the pods "
        "that share both (docs/versions.md)",
    )
    max_version_mb: Annotated[Whole, LIVE] = Field(
        16, ge=1, le=1024, description="largest deployed version, in MiB"
    )
    max_versions: Annotated[Whole, LIVE] = Field(
        50,
        ge=2,
        le=1000,
        description="deployed versions of one handler; beyond, Nexus deletes the oldest that does "
        "not serve",
    )
    max_versions_mb: Annotated[Whole, LIVE] = Field(
        1024, ge=1, le=1 << 20, description="size of all deployed versions together, in MiB"
    )
    cache_dir: Annotated[Folder, Derived("$XDG_CACHE_HOME/nexus, else ~/.cache/nexus")] = Field(
        description="folder of compiled artifacts"
    )
    cache_max_mb: Annotated[Whole, LIVE] = Field(
        512, ge=1, le=1 << 20, description="disk space that compiled artifacts may take, in MiB"
    )
    engine: Name = Field(
        "auto",
        description="WebAssembly engine: wasmer, wasmtime or a plugin's; auto takes wasmer if it "
        "can be imported",
    )
    compiler: Literal["auto", "llvm", "cranelift"] = Field(
        "auto",
        description="compiler of the engine; auto takes the best one that works on this machine",
    )
    compile_timeout_ms: Annotated[Whole, LIVE] = Field(
        120_000, ge=1, le=_HOUR_MS, description="longest time one compilation may take, in ms"
    )
    compile_memory_mb: Annotated[Whole, LIVE] = Field(
        2048, ge=64, le=1 << 20, description="memory the compiler process may use, in MiB"
    )

    javascript_runtime: Annotated[File, Derived("none (the pinned package's build)")] = Field(
        "", description="another build of QuickJS-NG for JavaScript handlers: a WASI reactor"
    )
    javascript_runtime_sha256: Annotated[Digest, Derived("none")] = Field(
        "", validate_default=True, description="SHA-256 of the file that javascript_runtime names"
    )
    python_runtime: Annotated[File, Derived("none (the pinned package's build)")] = Field(
        "", description="another build of CPython 3.11 or 3.12 for Python handlers: a WASI command"
    )
    python_runtime_sha256: Annotated[Digest, Derived("none")] = Field(
        "", validate_default=True, description="SHA-256 of the file that python_runtime names"
    )
    python_library: Annotated[
        str,
        BeforeValidator(parse_file),
        Derived("none (it is inside the build)"),
        Allowed("the path of a folder or a zip file, set together with python_runtime, or nothing"),
    ] = Field("", description="standard library of the build that python_runtime names")

    # ---- what handlers reach
    kv_store: Name = Field(
        "sqlite", description="key-value store: sqlite (a file in state_dir) or a plugin's"
    )
    kv_max_mb: Annotated[Whole, LIVE] = Field(
        100, ge=1, le=1 << 20, description="size of one namespace's keys and values, in MiB"
    )
    kv_timeout_ms: Annotated[Whole, LIVE] = Field(
        2000,
        ge=1,
        le=_HOUR_MS,
        description="longest time one call of the key-value store may take, in ms",
    )
    secrets_dir: Annotated[OptionalFolder, Derived("none")] = Field(
        "", description="folder with a file for each secret that manifests may name"
    )

    # ---- plugins
    plugins: Annotated[
        Mapping[str, Mapping[str, Any]],
        BeforeValidator(parse_tables),
        Allowed("a table of tables, in the environment as JSON"),
        Derived("no options"),
    ] = Field(
        default_factory=dict,
        repr=False,
        description="options of each plugin, by its name (docs/plugins.md)",
    )
    plugin_timeout_ms: Whole = Field(
        5000,
        ge=1,
        le=600_000,
        description="longest time a plugin's start or stop hook may take, in ms",
    )

    # ---- logs
    log_level: Annotated[LogLevel, LIVE] = Field(
        "info", description="least severe level that Nexus logs"
    )
    log_format: Literal["auto", "json", "pretty", "brief"] = Field(
        "auto",
        description="log format; auto is pretty on a terminal, else json; brief is for work on "
        "handlers and leaves the server's own information out",
    )
    access_log: Flag = Field(True, description="write one log line for each request")
    debug: Annotated[Flag, LIVE] = Field(
        False,
        description="show clients what a handler threw or wrote, in answers to errors; not for "
        "production",
    )

    verify_resets: Flag = Field(
        False,
        description='after each reset, and when an instance for `isolation = "fresh"` is made, '
        "compare all of the instance's memory with the snapshot; a "
        "difference is an internal error, and the instance is dropped; slow, for debugging",
    )

    @field_validator("max_instances")
    @classmethod
    def _holds_min_instances(cls, value: int, info: ValidationInfo) -> int:
        # A field validator, not a model validator, which would not run beside other errors.
        least = info.data.get("min_instances", 0)
        if value < least:
            context = {"other": "min_instances", "value": least}
            raise PydanticCustomError(BELOW_OTHER, "less than {other}", context)
        return value

    @field_validator("javascript_runtime_sha256", "python_runtime_sha256")
    @classmethod
    def _goes_with_the_runtime(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name).removesuffix("_sha256")
        runtime = info.data.get(name, value)
        if bool(runtime) != bool(value):
            raise described(f"{value or 'nothing'} beside the {name} {runtime or 'nothing'}")
        return value

    @field_validator("python_library")
    @classmethod
    def _needs_its_build(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("python_runtime", value):
            raise described(f"{value} beside the python_runtime nothing")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the argument `layers` (the first wins) if present, else plain arguments."""
        layers: tuple[PydanticBaseSettingsSource, ...] | None = init_settings().get("layers")
        return layers or (init_settings,)


LIVE_NAMES = tuple(name for name, field in Settings.model_fields.items() if LIVE in field.metadata)
"""Names of the settings that take effect while running"""


def limits(settings: Settings) -> Limits:
    """Return the limits of an execution whose manifest does not set them."""
    return Limits(
        timeout_s=settings.timeout_ms / 1000,
        cpu_timeout_s=settings.cpu_timeout_ms / 1000,
        memory_bytes=settings.memory_limit_mb << 20,
        max_host_calls=settings.max_host_calls,
        max_request_bytes=settings.max_request_bytes,
        max_response_bytes=settings.max_response_bytes,
        max_header_bytes=settings.max_header_bytes,
        max_stderr_bytes=settings.max_stderr_bytes,
        stack_bytes=settings.max_stack_kb << 10,
        max_effects=settings.max_effects,
        max_effect_bytes=settings.max_effect_bytes,
    )
