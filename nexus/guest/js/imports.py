"""Explains an import that failed: which file and line imports what, and what helps."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from nexus.guest.bundle import Bundle
from nexus.guest.js.errors import source_line
from nexus.guest.js.node.modules import ABSENT, NAMES

_FAILED: Final = re.compile(r"could not load (?:module )?(?:filename )?'(.*)'", re.DOTALL)
"""the message of QuickJS's module loader, which knows only the module's resolved name"""
_STRING: Final = re.compile(rb"""(['"`])([^'"`\\\r\n]{1,512})\1""")
_IMPORTING: Final = re.compile(rb"\b(?:from|import)\s*\(?\s*\Z")
_LOOK_BACK: Final = 64
_SUFFIXES: Final = (".js", ".mjs", ".ts", ".mts", ".json")


def explain_import(message: str, bundle: Bundle) -> str | None:
    """Return where *bundle* has the import that failed with *message*, and what to do about it.

    Return None if *message* is about something else.
    """
    failed = _FAILED.search(message)
    if failed is None:
        return None
    resolved = failed[1] if "://" in failed[1] else posixpath.normpath(failed[1])
    for name, content in bundle.files.items():
        for found in _STRING.finditer(content):
            specifier = found[2].decode("utf-8", "replace")
            before = content[max(0, found.start() - _LOOK_BACK) : found.start()]
            if _resolve(name, specifier) == resolved and _IMPORTING.search(before):
                line = content.count(b"\n", 0, found.start()) + 1
                column = found.start() - (content.rfind(b"\n", 0, found.start()) + 1) + 1
                place = f"{name}:{line}:{column}"
                shown = source_line(content, line, column)
                return f"{place}: {_remedy(specifier, resolved, bundle)}{shown}"
    return f"{bundle.entry}: {_remedy(resolved, resolved, bundle)}"


def _resolve(importing: str, specifier: str) -> str:
    """Return the module's name for QuickJS, like its default normalizer."""
    if not specifier.startswith("."):
        return specifier
    return posixpath.normpath(posixpath.join(posixpath.dirname(importing), specifier))


def _remedy(specifier: str, resolved: str, bundle: Bundle) -> str:
    if bundle.is_text:
        return f"cannot import {specifier!r}: source text has no files beside it"
    if "://" in specifier:
        return f"cannot import {specifier!r}: nothing is fetched; bundle it into the handler"
    if specifier.startswith(("/", "qjs:")):
        return (
            f"cannot import {specifier!r}: a handler imports files below its folder by relative "
            "paths, such as './lib.js'"
        )
    if specifier.startswith("node:") or specifier in ABSENT:
        return f"there is no module {specifier!r} of Node here; there are {', '.join(NAMES)}"
    if not specifier.startswith("."):
        package = f"the package {specifier!r} is not part of the handler; bundle it"
        flags = "--bundle --format=esm --conditions=worker --external:node:*"
        out = f"npx esbuild {bundle.entry} {flags} --outfile=bundled.js"
        return f"{package}, for example with `{out}`"
    if not specifier.endswith(_SUFFIXES):
        return (
            f"cannot import {specifier!r}: name the whole file, with its suffix "
            f"({', '.join(_SUFFIXES)})"
        )
    return f"cannot import {specifier!r}: there is no file {resolved} below the handlers folder"
