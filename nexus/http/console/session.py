"""Login by the admin token: a signed cookie, and what protects forms from other sites.

Nothing is stored: the cookie holds its end and a signature by a key derived from the token, so that
every worker of every pod with the same token takes it, and another token ends all sessions.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Final

COOKIE: Final = "nexus_console"
LASTS_S: Final = 12 * 3600
BY: Final = "admin (console)"
"""The author of changes made in the console, in the history of versions"""


class Sessions:
    """Makes and checks sessions."""

    def __init__(self, token: bytes) -> None:
        self._token = token
        self._key = hmac.digest(token, b"nexus console", "sha256")

    def is_token(self, given: str) -> bool:
        """Return, in constant time, whether *given* is the admin token."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token)

    def new(self) -> str:
        """Return the value of a new session's cookie."""
        content = f"{int(time.time()) + LASTS_S}.{secrets.token_hex(8)}"
        return f"{content}.{self._signature(content)}"

    def is_valid(self, cookie: str) -> bool:
        """Return whether *cookie* is one of ours and has not ended."""
        content, _, signature = cookie.rpartition(".")
        if not _same(signature, self._signature(content)):
            return False
        return int(content.partition(".")[0]) > time.time()

    def form_token(self, cookie: str) -> str:
        """Return what forms of this session carry: a page of another site cannot know it."""
        return self._signature(f"form {cookie}")

    def is_form_token(self, cookie: str, given: str) -> bool:
        """Return whether a form with *given* comes from a page of this session."""
        return _same(given, self.form_token(cookie))

    def _signature(self, content: str) -> str:
        return hmac.digest(self._key, content.encode(), "sha256").hex()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
