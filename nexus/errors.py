"""Every error Nexus raises, as one tree.

NexusError
├── ConfigError                 one or more settings are wrong
│   └── PluginError               a plugin cannot be used
├── HandlerError                about one handler, before it runs
│   ├── HandlerNotFound         HANDLER_NOT_FOUND
│   ├── HandlerNotLoaded        HANDLER_NOT_LOADED; it exists, but could not be loaded
│   ├── MethodNotAllowed        METHOD_NOT_ALLOWED
│   ├── InvalidHandler          INVALID_HANDLER
│   │   ├── InvalidModule         the bytes: malformed, or a feature we cannot meter
│   │   ├── ManifestError         the NAME.toml beside it
│   │   └── HandlerConflict       another handler has its name or route
│   └── CompilationError        COMPILATION_ERROR
├── RequestError                the client's fault
│   ├── InvalidArgument         INVALID_ARGUMENT
│   ├── Unauthorized            UNAUTHORIZED; carries the challenge
│   ├── Forbidden               FORBIDDEN
│   ├── PayloadTooLarge         PAYLOAD_TOO_LARGE
│   ├── RequestTimeout          REQUEST_TIMEOUT; the client was too slow
│   └── RequestHeadTooLarge     REQUEST_HEAD_TOO_LARGE
├── AdmissionError              not now; carries retry_after_s
│   ├── ConcurrencyLimit        CONCURRENCY_LIMIT
│   ├── Overloaded              OVERLOADED
│   └── ShuttingDown            SHUTTING_DOWN
├── GuestError                  the guest's run ended badly
│   ├── GuestTrap               EXECUTION_ERROR
│   ├── DeadlineExceeded        TIMEOUT
│   ├── CpuLimit                CPU_LIMIT
│   ├── MemoryLimit             MEMORY_LIMIT
│   ├── StackLimit              STACK_LIMIT
│   ├── ResourceLimit           RESOURCE_LIMIT
│   ├── InvalidResponse         INVALID_RESPONSE
│   ├── PermissionDenied        PERMISSION_DENIED
│   └── ClientLeft              CLIENT_LEFT; nobody sees it as an answer
├── SuspensionError             about a suspended execution
│   ├── SuspensionNotFound      SUSPENSION_NOT_FOUND
│   ├── SuspensionConflict      SUSPENSION_CONFLICT
│   ├── SuspensionGone          SUSPENSION_GONE; also the error its execution ends with
│   ├── ExecutionNotFound       EXECUTION_NOT_FOUND
│   └── ExecutionGone           EXECUTION_GONE
├── VersionError                about deployed versions
│   ├── VersionNotFound         VERSION_NOT_FOUND
│   ├── VersionConflict         VERSION_CONFLICT
│   ├── PreconditionFailed      PRECONDITION_FAILED
│   ├── QuotaExceeded           QUOTA_EXCEEDED
│   └── StoreUnavailable        STORE_UNAVAILABLE
├── InvalidState                an instance's state forbids the operation
└── InternalError               INTERNAL_ERROR
    └── EngineUnavailable         the engine asked for cannot be used on this machine
"""

from __future__ import annotations

import threading
from typing import ClassVar

from nexus.model import Outcome


class NexusError(Exception):
    """Base of all errors raised on purpose.

    `code` is the stable name that clients see; logs, metrics and the `X-Nexus-Outcome` header use
    the word in `outcome`.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    outcome: ClassVar[Outcome] = Outcome.ERROR
    plugin: str = ""
    """name of the plugin whose hook raised it, if one did"""


class ConfigError(NexusError):
    """One or more settings are wrong; the message has a line for each."""

    code = "INVALID_ARGUMENT"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PluginError(ConfigError):
    """One or more plugins cannot be used; a line names each plugin and its distribution."""


class HandlerError(NexusError):
    """An error about one handler, before it runs."""

    code = "INVALID_HANDLER"
    outcome = Outcome.INVALID_HANDLER


class HandlerNotFound(HandlerError):
    code = "HANDLER_NOT_FOUND"
    outcome = Outcome.NOT_FOUND


class HandlerNotLoaded(HandlerError):
    """The handler called *name* has this route, but could not be loaded; the log has the reason."""

    code = "HANDLER_NOT_LOADED"

    def __init__(self, name: str) -> None:
        super().__init__(f"handler {name!r} could not be loaded; the server's log says why")
        self.name = name


class MethodNotAllowed(HandlerError):
    """The route exists, but not for this method; *allowed* goes into the `Allow` header."""

    code = "METHOD_NOT_ALLOWED"
    outcome = Outcome.REJECTED

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        shown = ", ".join(allowed) or "no method"
        super().__init__(f"method {method} is not allowed here; allowed: {shown}")
        self.allowed = allowed


class InvalidHandler(HandlerError):
    """The handler's files cannot be used."""


class InvalidModule(InvalidHandler):
    """A WebAssembly binary is malformed, or uses a feature that Nexus refuses.

    *offset* counts bytes from the start of the binary, if it is known.
    """

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason if offset is None else f"{reason} (at byte {offset:#x})")
        self.reason, self.offset = reason, offset


class ManifestError(InvalidHandler):
    """A manifest has unknown keys or wrong values; the message has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class HandlerConflict(InvalidHandler):
    """The handler is valid, but its name or route belongs to another handler, or is reserved."""


class CompilationError(HandlerError):
    """The module is acceptable, but the compiler failed, ran out of memory or of time."""

    code = "COMPILATION_ERROR"


class RequestError(NexusError):
    """The client made a mistake."""

    code = "INVALID_ARGUMENT"
    outcome = Outcome.REJECTED


class InvalidArgument(RequestError):
    pass


class Unauthorized(RequestError):
    """The client did not authenticate; *challenge* goes into the `WWW-Authenticate` header."""

    code = "UNAUTHORIZED"

    def __init__(self, message: str, challenge: str = "Bearer") -> None:
        super().__init__(message)
        self.challenge = challenge


class Forbidden(RequestError):
    """The client may not do this: the operator's settings, or its token, do not allow it."""

    code = "FORBIDDEN"


class PayloadTooLarge(RequestError):
    code = "PAYLOAD_TOO_LARGE"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the request body is larger than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class RequestTimeout(RequestError):
    """The client took too long to send *part* of a request: its `head` or its `body`."""

    code = "REQUEST_TIMEOUT"
    outcome = Outcome.TIMEOUT

    def __init__(self, part: str) -> None:
        super().__init__(
            f"the request's {part} did not arrive within http_{part}_timeout_ms, or came more "
            "slowly than http_min_bytes_per_second"
        )
        self.part = part


class RequestHeadTooLarge(RequestError):
    code = "REQUEST_HEAD_TOO_LARGE"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the request's head is larger than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class AdmissionError(NexusError):
    """The request must wait; *retry_after_s* (whole seconds) goes into the `Retry-After` header."""

    outcome = Outcome.REJECTED
    reason: ClassVar[str] = "admission"

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ConcurrencyLimit(AdmissionError):
    """The handler's own `max_concurrency` is reached."""

    code = "CONCURRENCY_LIMIT"
    reason = "concurrency"


class Overloaded(AdmissionError):
    """The queue is full, or the deadline passed while waiting in it."""

    code = "OVERLOADED"
    reason = "overloaded"


class ShuttingDown(AdmissionError):
    code = "SHUTTING_DOWN"
    reason = "shutting_down"


class GuestError(NexusError):
    """The guest's run ended badly; its instance is replaced."""

    code = "EXECUTION_ERROR"
    outcome = Outcome.TRAP
    stack: str = ""
    """where in the guest's source it was, for whom that may be shown"""
    quotes_guest: bool = False
    """whether the message has text of the guest's: what it threw, what it wrote. Its log may have
    that, a client may not"""


class GuestTrap(GuestError):
    """A WebAssembly trap, or a non-zero exit before a response."""


class DeadlineExceeded(GuestError):
    code = "TIMEOUT"
    outcome = Outcome.TIMEOUT


class CpuLimit(GuestError):
    code = "CPU_LIMIT"
    outcome = Outcome.CPU_LIMIT


class MemoryLimit(GuestError):
    code = "MEMORY_LIMIT"
    outcome = Outcome.MEMORY_LIMIT


class StackLimit(GuestError):
    code = "STACK_LIMIT"
    outcome = Outcome.STACK_LIMIT


class ResourceLimit(GuestError):
    """The guest made too many host calls, or wrote too many bytes of output."""

    code = "RESOURCE_LIMIT"
    outcome = Outcome.RESOURCE_LIMIT


class InvalidResponse(GuestError):
    """The guest finished, but what it wrote is not a response."""

    quotes_guest = True
    code = "INVALID_RESPONSE"
    outcome = Outcome.INVALID_RESPONSE


class PermissionDenied(GuestError):
    code = "PERMISSION_DENIED"
    outcome = Outcome.PERMISSION_DENIED


class ClientLeft(GuestError):
    """The client of a streamed answer has left, or receives it too slowly."""

    code = "CLIENT_LEFT"
    outcome = Outcome.CANCELLED


class SuspensionError(NexusError):
    """An error about a suspended execution."""

    code = "SUSPENSION_NOT_FOUND"
    outcome = Outcome.NOT_FOUND


class SuspensionNotFound(SuspensionError):
    """No suspension ever had this id."""


class SuspensionConflict(SuspensionError):
    """Another caller has answered it, or is about to; or its execution ended without the answer."""

    code = "SUSPENSION_CONFLICT"
    outcome = Outcome.REJECTED


class SuspensionGone(SuspensionError):
    """The suspension expired, was cancelled, or its worker ended; its execution ends so too."""

    code = "SUSPENSION_GONE"
    outcome = Outcome.CANCELLED


class ExecutionNotFound(SuspensionError):
    """No execution with this id was ever suspended."""

    code = "EXECUTION_NOT_FOUND"


class ExecutionGone(SuspensionError):
    """The execution ended without a result, or its result is not kept any more."""

    code = "EXECUTION_GONE"
    outcome = Outcome.CANCELLED


class VersionError(NexusError):
    """An error about deployed versions."""

    code = "VERSION_NOT_FOUND"
    outcome = Outcome.REJECTED


class VersionNotFound(VersionError):
    outcome = Outcome.NOT_FOUND


class VersionConflict(VersionError):
    """The version serves, so it cannot be deleted."""

    code = "VERSION_CONFLICT"


class PreconditionFailed(VersionError):
    """Another client has changed what `If-Match` names."""

    code = "PRECONDITION_FAILED"


class QuotaExceeded(VersionError):
    """Another version would exceed a quota of size or number."""

    code = "QUOTA_EXCEEDED"


class StoreUnavailable(VersionError):
    """The store cannot be reached, or is damaged."""

    code = "STORE_UNAVAILABLE"


class InvalidState(NexusError):
    """An instance's state forbids the operation; the message names both states."""

    def __init__(self, instance_id: str, state: str, wanted: str) -> None:
        super().__init__(f"instance {instance_id} is {state}; it must be {wanted} for this")
        self.instance_id, self.state, self.wanted = instance_id, state, wanted


class InternalError(NexusError):
    """Nexus made a mistake. The details go to the log, never to a client."""


class EngineUnavailable(InternalError):
    """The engine or compiler cannot be used on this machine; the message says what to install."""


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is the user's Ctrl-C, which must end the process.

    Code from outside, such as a plugin's, may raise anything: its SystemExit or CancelledError is
    its own fault and must not end a worker.
    """
    return isinstance(error, KeyboardInterrupt) and on_main_thread()


def on_main_thread() -> bool:
    """Return whether this is the thread on which signals arrive."""
    return threading.current_thread() is threading.main_thread()
