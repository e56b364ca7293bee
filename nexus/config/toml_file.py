"""Reads one small TOML file; its errors explain every problem."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 64 << 10
MAX_DOTS = 500
"""Limit for one line: tomllib is quadratic in the parts of a dotted key, and 64 KiB took 33 s; 500
dots take up to 2 s, and leave room for a string of 125 IP addresses"""


def read_toml(path: Path) -> dict[str, object]:
    """Parse the TOML file at *path*, of up to `MAX_BYTES`.

    Raises: FileNotFoundError; ValueError with the cure (not the path) for everything else:
    unreadable, too large, too many dots, not UTF-8, or a syntax error with its line and
    column.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    return parse_toml(raw)


def parse_toml(raw: bytes) -> dict[str, object]:
    """Parse the content of a TOML file, of up to `MAX_BYTES`.

    Raises: ValueError, like `read_toml`.
    """
    if len(raw) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.count(b".") > MAX_DOTS:
            raise ValueError(f"more than {MAX_DOTS} dots in line {number}")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, or int() refusing thousands of digits
        raise ValueError(f"not valid TOML: {error}") from error
