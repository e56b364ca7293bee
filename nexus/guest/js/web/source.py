"""The web API's source, as one script."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from nexus.guest.js.web.parts import PARTS, definitions, library_names

_HERE = Path(__file__).parent
BOOTSTRAP_NAME = "nexus:bootstrap"
PRELUDE_NAME = "nexus:prelude"

LOAD_ORDER: Final = (
    "webidl/define",
    "webidl/convert",
    "webidl/bytes",
    "html/stack",
    "html/weak-ref",
    "webidl/parts",
    "encoding/utf8",
    "encoding/encodings",
    "encoding/text-encoder",
    "encoding/text-decoder",
    "html/clock",
    "crypto/random",
    "html/timers",
    "dom/event",
    "dom/event-target",
    "dom/abort",
    "console/inspect",
    "console/format",
    "console/table",
    "console/console",
    "file/blob",
    "url/pairs",
    "url/percent",
    "url/punycode",
    "url/domain",
    "url/ip",
    "url/host",
    "url/record",
    "url/path",
    "url/authority",
    "url/parser",
    "url/search-params",
    "url/url",
    "url/setters",
    "intl/functions",
    "html/structured-clone",
    "crypto/crypto",
    "nexus/host-calls",
    "nexus/state",
    "nexus/effects",
    "nexus/extensions",
    "nexus/key-value",
    "fetch/headers",
    "fetch/mime",
    "fetch/form-data",
    "fetch/disposition",
    "fetch/multipart",
    "fetch/body",
    "fetch/body-methods",
    "fetch/request",
    "fetch/response",
    "fetch/fetch",
    "workers/fetch-event",
    "workers/scheduled-event",
    "nexus/dispatch",
    "nexus/evaluate",
)
"""The files of the prelude, in load order.

They share one scope. Top-level code may use only the declarations of earlier files; the body of a
function may also use those of later files.
"""


@lru_cache(maxsize=1)
def bootstrap() -> bytes:
    """Return the script that joins host and prelude; its value is a function."""
    return (_HERE.parent / "bootstrap.js").read_bytes()


def text_of(name: str) -> str:
    """Return the text of the file *name*, which has no suffix."""
    return (_HERE / f"{name}.js").read_text(encoding="utf-8")


def prelude_text() -> str:
    """Return the files of `LOAD_ORDER`, joined."""
    return "\n".join(text_of(name) for name in LOAD_ORDER)


@lru_cache(maxsize=1)
def prelude() -> bytes:
    """Return the files of `LOAD_ORDER` as one script; its value is a function."""
    names = ", ".join(sorted(library_names()))
    return (
        f'(function (host) {{ "use strict";\n{prelude_text()}\n{definitions()}\n'
        f"const library = {{ {names} }};\n"
        "return { dispatch, answerNow, answerLater, evaluate, answer, fetched, answersEvents, "
        "begin, runTimer, nextTimer, part, inspect, inspectCauses, logRejection, "
        "isHandledRejection, isReported, remember, reportHandled, formatLog, requestEnv }; })"
    ).encode()


@lru_cache(maxsize=1)
def digest() -> bytes:
    """Return the digest of all scripts, on which every handler's snapshot depends."""
    parts = [name for part in PARTS.values() for name in part.files]
    texts = [text_of(name).encode() for name in (*LOAD_ORDER, *parts)]
    lists = (repr(PARTS).encode(), definitions().encode())
    return hashlib.sha256(b"\0".join((bootstrap(), *lists, *texts))).digest()
