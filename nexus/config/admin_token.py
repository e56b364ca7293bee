"""The runtime API's admin token, from the environment or from a file such as a mounted Secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nexus.errors import ConfigError

VARIABLE = "NEXUS_ADMIN_TOKEN"
FILE_VARIABLE = "NEXUS_ADMIN_TOKEN_FILE"
_ALLOWED = "1 to 512 visible ASCII characters"


def read_admin_token(environ: Mapping[str, str]) -> bytes | None:
    """Return the token from *environ*, or from the file it names; None if neither is set.

    Raises: ConfigError, which never quotes the token.
    """
    if FILE_VARIABLE not in environ:
        text = environ.get(VARIABLE, "")
        return _checked(VARIABLE, text) if text else None
    if environ.get(VARIABLE):
        raise ConfigError([f"{FILE_VARIABLE} and {VARIABLE} are both set; allowed: one of them"])
    path = Path(environ[FILE_VARIABLE])
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        text = "\0"
    except OSError as error:
        raise ConfigError([f"{FILE_VARIABLE}: cannot read {path}: {error.strerror}"]) from error
    return _checked(FILE_VARIABLE, text)


def _checked(variable: str, text: str) -> bytes:
    # RFC 6750 section 2.1 allows fewer characters; a header can carry all of these.
    if not 1 <= len(text) <= 512 or not all("!" <= character <= "~" for character in text):
        raise ConfigError([f"{variable}: found {len(text)} characters, allowed: {_ALLOWED}"])
    return text.encode()
