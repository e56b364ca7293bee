"""What the handler prints and logs, written to the host's log a line at a time."""

import io
import os

from nexus_adapt import when_imported

_LEVELS = ((40, "<3>"), (30, "<4>"), (20, ""))
"""line prefixes of the host's log, as in sd-daemon(3), from these levels of `logging` on: errors,
warnings, information; lower levels have `<7>`"""


class Log(io.TextIOBase):
    """A text file that writes to descriptor *fd*."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, fd):
        self._fd, self._text = fd, ""
        self.mark = ""
        """put in front of each record, whose further lines begin with `<+>`"""

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, text):
        written = len(text)
        if self.mark:
            if self._text:
                self._text += "\n"
            text = self.mark + "<+>".join(text.splitlines(keepends=True))
        self._text += text
        if "\n" in self._text or len(self._text) > 8192:
            self.flush()
        return written

    def marked(self, mark, text):
        """Write whole lines with a mark."""
        self.mark = mark
        try:
            self.write(text)
        finally:
            self.mark = ""

    def flush(self):
        if not self._text:
            return
        text, self._text = self._text, ""
        view = memoryview(text.encode("utf-8", "backslashreplace"))
        while view:
            view = view[os.write(self._fd, view) :]


def _mark(level):
    return next((mark for least, mark in _LEVELS if level >= least), "<7>")


def _adapt(logging):
    """Make `logging` write its records with their levels."""
    emit = logging.StreamHandler.emit

    def emit_marked(self, record):
        stream = self.stream
        if not isinstance(stream, Log):
            return emit(self, record)
        stream.mark = _mark(record.levelno)
        try:
            emit(self, record)
        finally:
            stream.mark = ""

    logging.StreamHandler.emit = emit_marked


def install():
    when_imported("logging", _adapt)
