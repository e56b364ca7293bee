"""The host's services for JavaScript handlers, as file descriptors that only `bootstrap.js` uses.

Each service has one descriptor number: `bootstrap.js` writes the input and reads the result.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from typing import Any, Final

from nexus.guest.host.framed import Framed
from nexus.guest.host.messages import Messages, OutboundMessages
from nexus.guest.host.services import LOG_MARKS, Services
from nexus.guest.js.compression import CompressionService
from nexus.guest.js.legacy_text import LegacyText
from nexus.guest.js.source_maps.places import Translate
from nexus.guest.js.web.parts import PARTS, has_intl, part_source
from nexus.guest.js.webcrypto.service import CryptoService
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE, BytesInput, Descriptor, LogOutput
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Watched
from nexus.plugin_api.guest import Run

RANDOM, BODY, SLEEP, CALL, FETCH, FETCHED, CRYPTO, PART = 16, 17, 18, 19, 20, 21, 22, 23
ZLIB, TEXT, ASSETS, INTL = 28, 29, 30, 31
_LOG, _DIGEST, _HMAC = 24, 32, 40
"""first numbers; each level or algorithm has one, and `bootstrap.js` uses the same numbers"""

_ALGORITHMS: Final = ("sha1", "sha256", "sha384", "sha512", "md5")
_RANDOM_BYTES: Final = 64 << 10  # 0.2 ms of the kernel's generator between two checkpoints
_STEP_S: Final = 0.01  # how late a sleeping run may notice that it was cancelled


class Bridge:
    """The descriptors of one thread's guest; `open` resets them for each run."""

    def __init__(self, services: Callable[[], Services], *, sets_up: bool = False) -> None:
        """Ask *services* for the services of the current execution, once per message. *sets_up*:
        serve a set-up, after which nothing on the host remains of it."""
        self._logs = [_Log(mark) for mark in LOG_MARKS]
        self._messages = Messages(services)
        self._fetches = OutboundMessages(services)
        self._fetched = BytesInput(b"")
        self._crypto = CryptoService(services, shows_keys=sets_up)
        self._parts = _Parts()
        self._compression = CompressionService(services)
        self._text = LegacyText()
        self._intl = _Intl()
        self._framed = (
            *(self._messages, self._fetches, self._crypto),
            *(self._parts, self._compression, self._text, self._intl),
        )
        self._hashes = [
            *(_Digest(name) for name in _ALGORITHMS),
            *(_Hmac(name) for name in _ALGORITHMS),
        ]
        numbers = [first + n for first in (_DIGEST, _HMAC) for n in range(len(_ALGORITHMS))]
        self._table: dict[int, Descriptor] = {
            RANDOM: _Random(),
            CALL: self._messages,
            FETCH: self._fetches,
            FETCHED: self._fetched,
            CRYPTO: self._crypto,
            PART: self._parts,
            ZLIB: self._compression,
            TEXT: self._text,
            INTL: self._intl,
            **{_LOG + number: log for number, log in enumerate(self._logs)},
            **dict(zip(numbers, self._hashes, strict=True)),
        }

    def open(
        self, run: Run, body: Descriptor, translate: Translate | None = None
    ) -> dict[int, Descriptor]:
        """Return the descriptor table for *run*, with *body* at `BODY`. *translate* applies the
        handler's source maps to what it logs."""
        output = LogOutput(run)
        for log in self._logs:
            log.output, log.translate = output, translate
        for found in self._hashes:
            found.state = None
        for framed in self._framed:
            framed.forget()
        self._crypto.run = run
        table = self._table.copy()
        table[2], table[BODY], table[SLEEP] = output, body, _Sleep(run)
        return table

    def hand_over(self, body: bytes) -> None:
        """Let the guest read a response's *body* at `FETCHED`; an empty one is not read."""
        self._fetched.refill(body)


def sleep(run: Run, seconds: float, stream: Watched | None = None) -> bool:
    """Sleep for *seconds*, off the CPU. Return False if the run stopped or its deadline passed, or
    if the client of *stream* has left."""
    run.give_way()
    end = time.monotonic() + seconds
    while True:
        if stream is not None:
            stream.look()
        now = time.monotonic()
        if run.stopped is not None or now >= run.deadline:
            return False
        if now >= end:
            return True
        time.sleep(min(end - now, run.deadline - now, _STEP_S))


class _Random(Descriptor):
    rights = FD_READ

    def read(self, length: int) -> bytes:
        return os.urandom(min(length, _RANDOM_BYTES))


class _Sleep(Descriptor):
    """Sleeps as many milliseconds as the guest writes, in decimal."""

    rights = FD_WRITE

    def __init__(self, run: Run) -> None:
        self._run = run

    def write(self, content: memoryview) -> None:
        try:
            sleep(self._run, float(bytes(content)) / 1000)
        except ValueError as error:
            raise Refused(errno.INVAL) from error


class _Parts(Framed):
    """Answers the name of a part of the web API with its script."""

    def write(self, content: memoryview) -> None:
        name = bytes(content).decode("utf-8", "replace")
        if name not in PARTS:
            raise Refused(errno.INVAL)
        self.reply(0, part_source(name))


class _Intl(Framed):
    """Answers with `nexus.guest.js.intl`, which needs an extra and takes a while to import."""

    def write(self, content: memoryview) -> None:
        if not has_intl():
            raise Refused(errno.NOTSUP)
        from nexus.guest.js.intl.service import answer

        self.reply(*answer(content))


class _Log(Descriptor):
    """Logs each text that the guest writes as one record."""

    rights = FD_WRITE
    output: LogOutput
    translate: Translate | None = None

    def __init__(self, mark: bytes) -> None:
        self._mark = mark

    def write(self, content: memoryview) -> None:
        text = bytes(content)
        if self.translate is not None:
            text = self.translate(text.decode("utf-8", "replace")).encode("utf-8", "replace")
        self.output.write_record(self._mark, text)


class _Digest(Descriptor):
    """Hashes content written in pieces; a read returns the digest and resets the hash."""

    rights = FD_READ | FD_WRITE

    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
        self.state: Any = None
        """a hash object of hashlib or of hmac, which share no type"""

    def write(self, content: memoryview) -> None:
        if self.state is None:
            self.state = hashlib.new(self._algorithm)
        self.state.update(content)

    def read(self, length: int) -> bytes:
        if self.state is None:
            raise Refused(errno.INVAL)
        digest: bytes = self.state.digest()
        self.state = None
        return digest[:length]


class _Hmac(_Digest):
    """Like `_Digest`, but the first write passes the key."""

    def write(self, content: memoryview) -> None:
        if self.state is None:
            self.state = hmac.new(bytes(content), digestmod=self._algorithm)
        else:
            self.state.update(content)
