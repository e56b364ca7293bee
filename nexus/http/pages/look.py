"""The style of all pages, and the headers that every page has."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from flask import Response

_STYLE: Final = Path(__file__).with_name("look.css")


@cache
def style() -> str:
    """Return the style sheet, for a page that contains it."""
    return _STYLE.read_text(encoding="utf-8")


@cache
def _style_digest() -> str:
    return base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()


def protect(response: Response, policy: str) -> Response:
    """Add the headers that keep *response*, a page, from being used against its reader.

    *policy* is added to the Content-Security-Policy, which forbids everything else.
    """
    headers = response.headers
    headers["Content-Security-Policy"] = (
        f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {policy}"
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cache-Control"] = "no-store"
    return response


def protect_inline(response: Response) -> Response:
    """Add the headers for a page without scripts that has the style sheet inside."""
    return protect(response, f"form-action 'none'; style-src 'sha256-{_style_digest()}'")
