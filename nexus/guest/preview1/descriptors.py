"""File descriptors: stdin, stdout and stderr, and the base class of open files and folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nexus.errors import ResourceLimit
from nexus.guest.files.nodes import Entry, Folder, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.plugin_api.guest import Run

# rights, by their bit in the specification
FD_READ: Final = 1 << 1
FD_WRITE: Final = 1 << 6
_COMMON: Final = 1 << 3 | 1 << 21 | 1 << 27  # fdstat_set_flags, filestat_get, poll_fd_readwrite

# file types; WASI has none for a pipe but `unknown`
UNKNOWN: Final = 0
CHARACTER_DEVICE: Final = 2

_STDERR_CUT: Final = b"\n[stderr truncated]\n"


class Descriptor:
    """One entry of the descriptor table; subclasses read or write."""

    filetype = UNKNOWN
    flags = 0
    rights = _COMMON

    def read(self, length: int) -> bytes:
        """Return up to *length* bytes; empty at the end.

        Raises: Refused.
        """
        raise Refused(errno.NOTCAPABLE)

    def write(self, content: memoryview) -> None:
        """Take all of *content*.

        Raises: Refused.
        """
        raise Refused(errno.NOTCAPABLE)

    def ready_bytes(self) -> int:
        """Return how many bytes can be read or written without waiting; 0 if unknown."""
        return 0

    def at_end(self) -> bool:
        """Return whether every later read will be empty."""
        return False

    def can_wait(self) -> bool:
        """Return whether it can stay open while its execution is suspended: only if it holds no
        descriptor of the host. A folder first closes those that it can open again."""
        return False

    # ---- calls that a pipe cannot serve; each fails with the error that POSIX names for it -----

    inheriting = 0
    """rights of the files that are opened through it"""
    preopened: bytes | None = None
    """the path of a folder that is open from the start"""

    def status(self) -> Status:
        """Return the status of the open file, folder or pipe."""
        return Status(self.filetype, 0, 0, 0, 0, 0, 0)

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        """Set the times that are not None. Raises: Refused."""
        raise Refused(errno.NOTCAPABLE)

    def seek(self, offset: int, whence: int) -> int:
        """Move the position, and return it. Raises: Refused."""
        raise Refused(errno.SPIPE)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to *length* bytes from *offset* on. Raises: Refused."""
        raise Refused(errno.SPIPE)

    def write_at(self, offset: int, content: memoryview) -> None:
        """Write all of *content* at *offset*. Raises: Refused."""
        raise Refused(errno.SPIPE)

    def allocate(self, offset: int, length: int) -> None:
        """Make sure that the file reaches to the end of this part. Raises: Refused."""
        raise Refused(errno.SPIPE)

    def resize(self, size: int) -> None:
        """Cut the file to *size* bytes, or fill it up with zeros. Raises: Refused."""
        raise Refused(errno.INVAL)

    def sync(self) -> None:
        """Flush buffered content to the disk. Raises: Refused."""
        raise Refused(errno.INVAL)

    @property
    def folder(self) -> Folder:
        """The folder that is open here. Raises: Refused."""
        raise Refused(errno.NOTDIR)

    def listing(self, *, anew: bool) -> Sequence[Entry]:
        """Return the names in the folder, read again if *anew* is true. Raises: Refused."""
        raise Refused(errno.NOTDIR)


class BytesInput(Descriptor):
    """Stdin from a request's body."""

    rights = _COMMON | FD_READ

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def read(self, length: int) -> bytes:
        start = self._position
        content = self._content[start : start + length]
        self._position = start + len(content)
        return content

    def refill(self, content: bytes) -> None:
        """Let the guest read *content* from now on."""
        self._content, self._position = content, 0

    def ready_bytes(self) -> int:
        return len(self._content) - self._position

    def at_end(self) -> bool:
        return self._position >= len(self._content)


class CappedOutput(Descriptor):
    """Stdout, collected in memory; stops a guest that writes more than *limit_bytes*."""

    rights = _COMMON | FD_WRITE

    def __init__(self, run: Run, limit_bytes: int) -> None:
        self.content = bytearray()
        self._run = run
        self._limit_bytes = limit_bytes

    def write(self, content: memoryview) -> None:
        try:
            self.add(content)
        except ResourceLimit as error:
            self._run.stop(error)
            raise Refused(errno.FBIG) from error

    def add(self, content: memoryview | bytes) -> None:
        """Collect *content*. Raises: ResourceLimit."""
        if len(self.content) + len(content) > self._limit_bytes:
            raise ResourceLimit(f"the guest wrote more than {self._limit_bytes} bytes to stdout")
        self.content += content

    def ready_bytes(self) -> int:
        return self._limit_bytes - len(self.content)


_CONTINUES: Final = b"\n<+>"
"""a line's end before a line of the same log record (`nexus.logs.guest.CONTINUES`)"""


class LogOutput(Descriptor):
    """Stderr, written to the run's log; drops the text beyond the log's limit and marks the cut."""

    rights = _COMMON | FD_WRITE

    def __init__(self, run: Run) -> None:
        self._run = run
        self._cut = False

    def write(self, content: memoryview) -> None:
        if self._cut:
            return
        log, limit_bytes = self._run.stderr, self._run.limits.max_stderr_bytes
        room = limit_bytes - len(log)
        if len(content) <= room:
            log += content
            return
        self._cut = True
        log += content[:room]
        del log[max(0, limit_bytes - len(_STDERR_CUT)) :]
        log += _STDERR_CUT[:limit_bytes]

    def write_record(self, mark: bytes, text: bytes) -> None:
        """Write *text* with the *mark* of its level; all its lines become one log record."""
        self.write(memoryview(mark + text.replace(b"\n", _CONTINUES) + b"\n"))

    def ready_bytes(self) -> int:
        return self._run.limits.max_stderr_bytes


class CallInput(Descriptor):
    """Stdin of a command line; reads from a function that may block."""

    filetype = CHARACTER_DEVICE
    rights = _COMMON | FD_READ

    def __init__(self, call: Callable[[int], bytes]) -> None:
        self._call = call

    def read(self, length: int) -> bytes:
        try:
            content = self._call(length)
        except OSError as error:
            raise Refused(_errno_of(error)) from error
        if len(content) > length:
            raise ValueError(f"read_stdin({length}) returned {len(content)} bytes")
        return content


class CallOutput(Descriptor):
    """Stdout or stderr of a command line; writes to a function."""

    filetype = CHARACTER_DEVICE
    rights = _COMMON | FD_WRITE

    def __init__(self, call: Callable[[bytes], None]) -> None:
        self._call = call

    def write(self, content: memoryview) -> None:
        try:
            self._call(bytes(content))
        except OSError as error:
            raise Refused(_errno_of(error)) from error


def _errno_of(error: OSError) -> int:
    if isinstance(error, BrokenPipeError):
        return errno.PIPE
    return errno.AGAIN if isinstance(error, BlockingIOError) else errno.IO
