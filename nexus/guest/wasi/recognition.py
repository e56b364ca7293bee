"""Checks that a module's imports and exports are those of a WASI command."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.errors import InvalidHandler
from nexus.guest.host import imports
from nexus.guest.preview1.signatures import MODULE, SIGNATURES
from nexus.model import Export, FuncType, Import

_ENTRY_POINT = "_start"
_ACCEPTED = (
    f"Nexus runs modules that export a function `{_ENTRY_POINT}` without parameters and results "
    "(a WASI preview 1 command)"
)
_NAMED_AT_MOST = 5
_KNOWN = {
    **{(MODULE, name): signature for name, signature in SIGNATURES.items()},
    **{(imports.MODULE, name): signature for name, signature in imports.SIGNATURES.items()},
}


def check_command(imported: Sequence[Import], exported: Sequence[Export]) -> None:
    """Check a WASI command. Raises: InvalidHandler, naming the missing or excess item."""
    _check_entry_point(exported)
    check_imports(imported)


def _check_entry_point(exported: Sequence[Export]) -> None:
    exports = {export.name: export for export in exported}
    found = exports.get(_ENTRY_POINT)
    if found is None:
        reason = f"the module does not export `{_ENTRY_POINT}`"
        if "_initialize" in exports:
            reason += "; it exports `_initialize`, so it was linked as a library (a WASI reactor)"
        raise InvalidHandler(f"{reason}. {_ACCEPTED}.")
    if found.kind != "func":
        raise InvalidHandler(f"the export `{_ENTRY_POINT}` is a {found.kind}. {_ACCEPTED}.")
    if found.type != FuncType():
        raise InvalidHandler(
            f"the export `{_ENTRY_POINT}` has type {_text(found.type)}. {_ACCEPTED}."
        )


def check_imports(wanted: Sequence[Import]) -> None:
    """Check that the host has all imports. Raises: InvalidHandler, naming those it lacks."""
    others = [f"{_name(item)} ({item.kind})" for item in wanted if item.kind != "func"]
    if others:
        raise InvalidHandler(
            f"the module imports {_listed(others)}; a handler can import functions only, and "
            "defines its own memory, tables and globals."
        )
    unknown = [item for item in wanted if (item.module, item.name) not in _KNOWN]
    if unknown:
        raise InvalidHandler(_unknown_imports(unknown))
    wrong = [
        f"{_name(item)} as {_text(item.type)} instead of {_text(known)}"
        for item in wanted
        if item.type != (known := _KNOWN[item.module, item.name])
    ]
    if wrong:
        raise InvalidHandler(
            f"the module imports {_listed(wrong)}: not the signatures of WASI preview 1 and of "
            "docs/abi.md."
        )


def _unknown_imports(unknown: list[Import]) -> str:
    noun = "an unknown function" if len(unknown) == 1 else f"{len(unknown)} unknown functions"
    sentence = (
        f"the module imports {noun}: {_listed([_name(item) for item in unknown])}. Accepted are "
        f"the functions of WASI preview 1, imported from `{MODULE}`, and those of docs/abi.md, "
        f"imported from `{imports.MODULE}`"
    )
    if any(item.module == "wasi_unstable" for item in unknown):
        # Preview 0 has the same names with another fd_seek, filestat and subscription layout, so
        # serving it under preview 1 semantics would corrupt the guest's memory.
        sentence += "; `wasi_unstable` is its predecessor, rebuild with a newer toolchain"
    return sentence + "."


def _name(item: Import) -> str:
    return f"{item.module}.{item.name}"


def _listed(items: list[str]) -> str:
    listed = ", ".join(items[:_NAMED_AT_MOST])
    more = len(items) - _NAMED_AT_MOST
    return f"{listed} and {more} more" if more > 0 else listed


def _text(signature: FuncType | None) -> str:
    if signature is None:
        return "an unknown type"
    return f"({', '.join(signature.params)}) -> ({', '.join(signature.results)})"
