"""Guest ABIs: how a request reaches a guest, and what the guest may ask of the host.

abis.py       finds an ABI: by a handler's file, by its module, by name
host/         what guests of all ABIs may ask of the host
preview1/     WASI preview 1 as host functions
wasi/         WASI preview 1 commands that speak CGI/1.1
js/           JavaScript modules in QuickJS
python/       Python modules in CPython
target.py     the request's target and Host, in one form
authority.py  host and port, as a Host field writes them
by_hand.py    requests that a person writes
bundle.py     a handler's files as one value, to pass to the compiler's child
image.py      a waiting guest, as bytes
pinned.py     the modules of language runtimes, pinned to the byte
json_request.py   a request's head, for JavaScript and Python
json_response.py  reads the answers of Python
early.py      answers that leave before their run ends
excerpt.py    guest output in error messages
json_pieces.py    long JSON bodies in pieces
own_limits.py errors for the limits of a language itself
json_text.py  JSON texts from callers and guests
headers.py    response headers that guests may not set
checked_head.py   checks the status, reason and headers of an answer

Each ABI has one folder. Its `abi.py` recognises handlers, names the module to compile, prepares the
snapshot and makes the guests; `built_in_abis` registers it.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.guest.abis import Abis
from nexus.guest.js.abi import JsAbi
from nexus.guest.python.abi import PythonAbi
from nexus.guest.wasi.abi import WasiAbi
from nexus.plugin_api.abi import Abi
from nexus.plugin_api.settings import Settings

__all__ = ["Abis", "built_in_abis"]


def built_in_abis(settings: Settings | None = None) -> Sequence[Abi]:
    """Return the ABIs that come with Nexus, in the order in which `Abis` asks them.

    *settings* may name other builds of the language runtimes.

    Raises: ConfigError if such a build cannot be used.
    """
    if settings is None:
        return (JsAbi(), PythonAbi(), WasiAbi())
    return (
        JsAbi(settings.javascript_runtime, settings.javascript_runtime_sha256),
        PythonAbi(settings.python_runtime, settings.python_runtime_sha256, settings.python_library),
        WasiAbi(),
    )
