"""Response headers as a stranger gives them: what may pass, and what is not his to say."""

from __future__ import annotations

import re
from typing import Final

MAX_HEADERS: Final = 100  # what gunicorn accepts in requests by default
WITHOUT_BODY: Final = frozenset({204, 304})  # RFC 9110 sections 15.3.5 and 15.4.5

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

_DROPPED: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_DROPPED_PREFIXES: Final = ("proxy-", "x-nexus-")  # the connection's, and our own


def is_dropped(name: str) -> bool:
    """Tell whether a header of this name, in lower case, must not come from a guest."""
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES)
