"""Guest ABIs: how a request reaches a guest, and what the guest may ask of the host.

One folder per ABI: `wasi`, a WASI preview 1 command that speaks CGI/1.1, and `js`, a JavaScript
module in QuickJS. For all of them: `target.py` checks a request's target and Host, `authority.py`
parses hosts, `headers.py` says which response headers may pass.
"""

from __future__ import annotations

from nexus.errors import InternalError
from nexus.guest.js.guest import JsGuest
from nexus.guest.recognition import check_declared, recognise
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Compiled
from nexus.plugin_api.guest import Guest

__all__ = ["can_defer", "check_declared", "guest_for", "recognise"]


def can_defer(compiled: Compiled) -> bool:
    """Tell whether guests of *compiled* can take `DEFERRED` for an answer."""
    return compiled.abi == "js"


def guest_for(compiled: Compiled) -> Guest:
    """Make the host's side of *compiled* for the calling thread.

    Raises: InternalError if `compiled.abi` is none that `recognise` returns.
    """
    if compiled.abi == "wasi":
        return WasiGuest()
    if compiled.abi == "js":
        return JsGuest()
    raise InternalError(f"artifact {compiled.key} names the unknown guest ABI {compiled.abi!r}")
