"""Guest ABIs: how a request reaches a guest, and what the guest may ask of the host.

abis.py       the ABIs there are: by a handler's file, by its module, by name
host/         what guests of all ABIs may ask of the host
preview1/     WASI preview 1 as host functions
wasi/         WASI preview 1 commands that speak CGI/1.1
js/           JavaScript modules in QuickJS
json_text.py  JSON texts from callers and guests
headers.py    response headers that guests may not set

An ABI is one folder, with an `abi.py` that says how it recognises a handler, what is compiled for
it, how its snapshot is prepared and how its guests are made; `built_in_abis` registers it.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.guest.abis import Abis
from nexus.guest.js.abi import JsAbi
from nexus.guest.wasi.abi import WasiAbi
from nexus.plugin_api.abi import Abi

__all__ = ["Abis", "built_in_abis"]


def built_in_abis(javascript_runtime: str = "", javascript_sha256: str = "") -> Sequence[Abi]:
    """Return the ABIs that come with Nexus, the one that is asked last behind the others.

    *javascript_runtime*, *javascript_sha256*: path and digest of another build of QuickJS.

    Raises: ConfigError where that build cannot be used.
    """
    return (JsAbi(javascript_runtime, javascript_sha256), WasiAbi())
