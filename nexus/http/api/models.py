"""Models of requests and answers: each one checks them and describes them for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

_HOUR_MS = 3_600_000
_LAST_MS = 253_402_300_799_999  # the end of the year 9999
_MOST_WAIT_MS = 30_000
"""The longest that a client may let a request wait: it holds one of the worker's threads"""
_Bytes: TypeAlias = Annotated[int, Field(ge=0, description="bytes")]
_Count: TypeAlias = Annotated[int, Field(ge=0)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _with_examples(*examples: dict[str, JsonValue]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})  # merged with Model's own


# ---- requests ---------------------------------------------------------------------------------


class ScheduledCall(Model):
    """A call of a handler as if its schedule were due."""

    model_config = _with_examples({"cron": "*/5 * * * *"})

    cron: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="what the handler sees as the entry; by default the manifest's first"
    )
    scheduled_time: Annotated[int, Field(ge=0, le=_LAST_MS)] | None = Field(
        None, description="the due time, in ms since 1970; by default now"
    )


class ScheduledItem(Model):
    """A call that went well."""

    execution_id: str
    cron: str
    scheduled_time: int = Field(description="ms since 1970")
    duration_ms: float


class ExecutionRequest(Model):
    """A handler's context, and how long it may take."""

    model_config = _with_examples(
        {"context": {"state": {"count": 40}, "args": {"by": 2}}, "timeout_ms": 500}
    )

    context: JsonValue = Field(
        None, description="what the handler works on: usually an object of state, args and scope"
    )
    timeout_ms: Annotated[int, Field(ge=1, le=_HOUR_MS)] | None = Field(
        None, description="may shorten the handler's own deadline, never lengthen it"
    )


class TextLimitsRequest(Model):
    """Limits of one execution, up to those of the settings, which hold for what is left out."""

    timeout_ms: Annotated[int, Field(ge=1, le=_HOUR_MS)] | None = None
    cpu_timeout_ms: Annotated[int, Field(ge=1, le=_HOUR_MS)] | None = None
    memory_limit_mb: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="a power of two, or the setting's value"
    )
    max_host_calls: Annotated[int, Field(ge=1, le=10**9)] | None = None


class TextRequest(Model):
    """Source text, its context, and what it may use."""

    model_config = _with_examples(
        {
            "language": "javascript",
            "source": "export default { run: ({ args }) => args.a + args.b };",
            "context": {"args": {"a": 40, "b": 2}},
            "limits": {"timeout_ms": 500},
            "capabilities": [],
        },
    )

    language: str = Field(
        "javascript", description="javascript, python, or a language that a plugin brings"
    )
    source: str = Field(description="a module with a default export, or a script")
    context: JsonValue = None
    limits: TextLimitsRequest = Field(default_factory=lambda: TextLimitsRequest.model_validate({}))
    capabilities: list[str] = Field(
        [], description="a part of those in the setting text_capabilities"
    )


class ResumeRequest(Model):
    """What the extension answered that a suspended execution waits for."""

    model_config = _with_examples(
        {"success": True, "value": {"paid": 12.5}}, {"success": False, "error": "card declined"}
    )

    success: bool
    value: JsonValue = Field(None, description="the call's value, of a success")
    error: str | None = Field(None, description="the message of the guest's exception, else")


class ExecutionQuery(Model):
    """How long to wait for an execution's end."""

    wait_ms: Annotated[int, Field(ge=0, le=_MOST_WAIT_MS)] = Field(
        0, description="the longest to wait for the execution to end, in ms"
    )


# ---- answers ----------------------------------------------------------------------------------


class ErrorInfo(Model):
    code: str = Field(examples=["TIMEOUT"])
    message: str


class ExecutionMetrics(Model):
    """What an execution used."""

    duration_us: _Count
    cpu_us: _Count
    queue_us: _Count
    memory_used_bytes: _Bytes
    memory_peak_bytes: _Bytes
    host_calls: _Count
    instruction_count: _Count
    cache_hit: bool


class Question(Model):
    """A handler's call of an extension."""

    extension: str
    method: str
    arguments: JsonValue


class Suspension(Question):
    """An open question of a suspended execution."""

    id: str
    expires_at: float = Field(description="Unix time, in seconds")


class ExecutionResult(Model):
    """How an execution ended, or where it stands; lists have what is new since the last result."""

    status: Literal["success", "error", "suspended"]
    execution_id: str
    return_value: JsonValue = None
    state_mutations: list[dict[str, JsonValue]]
    events: list[dict[str, JsonValue]]
    view_commands: list[dict[str, JsonValue]]
    suspension: Suspension | None = Field(None, description="the first of `suspensions`")
    suspensions: list[Suspension] = Field(
        description="the open questions, the oldest first; answer them in any order"
    )
    unanswered: list[Question] = Field(
        description="the questions that were open when the execution ended"
    )
    error: ErrorInfo | None = None
    metrics: ExecutionMetrics | None = None


class SuspensionItem(Suspension):
    """An open question of a suspended execution, with the execution."""

    handler: str
    execution_id: str
    suspended_at: float = Field(description="Unix time, in seconds")


class SuspensionList(Model):
    suspensions: list[SuspensionItem]


class HandlerItem(Model):
    """A handler as it is served."""

    name: str
    route: str
    methods: list[str] = Field(description="empty: all")
    abi: str
    isolation: Literal["reset", "fresh", "reuse"]
    compiler: str = Field(description="whose code it serves with")
    timeout_ms: _Count
    cpu_timeout_ms: _Count
    memory_limit_bytes: _Bytes
    max_concurrency: int | None = Field(description="null: no limit of its own")
    priority: int = Field(description="who goes first under the policy `priority`: the higher")
    cpu_request: float = Field(description="cores")
    cpu_limit: float | None = Field(description="cores; null: no limit of its own")
    capabilities: list[str]
    kv: list[str] = Field(description="namespaces of the key-value store that it may use")
    schedule: list[str] = Field(description="cron entries, in UTC, at which it is called")
    http: list[str] = Field(description="servers that it may send requests to")
    files: dict[str, str] = Field(description="read-only folders, by their paths in the guest")
    scratch_bytes: _Bytes = Field(description="size of its `/tmp`; 0: none")
    static: bool = Field(description="whether it is a folder of files, without a program")
    env: list[str] = Field(description="names only")
    secrets: list[str] = Field(description="names only; `env` has them, too")
    args: _Count = Field(description="how many arguments the manifest gives a WebAssembly guest")
    args_from_query: bool = Field(description="whether a request's query adds arguments")
    strip_prefix: bool = Field(description="whether its URLs begin below its route")
    stream: bool = Field(description="whether its answers' bodies leave as it writes them")
    key: str = Field(description="digest of the compiled module")
    description: str = Field(description="what it does, by its manifest")
    input_schema: dict[str, Any] | None = Field(
        description="JSON Schema of its arguments; null: the manifest has none"
    )
    version: str | None = Field(description="the deployed version; null: a file of the folder")


class HandlerProblem(Model):
    """A file that cannot be served, or whose last good version still is."""

    file: str
    code: str
    message: str


class HandlerList(Model):
    handlers: list[HandlerItem]
    problems: list[HandlerProblem]


class PoolState(Model):
    """Pool and queue of the worker that answered; `/metrics` adds up all workers."""

    worker: int = Field(description="process id")
    active: _Count
    available: _Count
    suspended: _Count
    waiting: _Count
    instances_created: _Count
    total_memory_bytes: _Bytes
    max_instances: _Count
    max_memory_bytes: _Bytes
    max_queue: _Count


class ConfigState(Model):
    """Every setting and its value; what may be a secret is hidden."""

    settings: dict[str, Any]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["HANDLER_NOT_FOUND"])
    handler: str | None
    execution_id: str | None
