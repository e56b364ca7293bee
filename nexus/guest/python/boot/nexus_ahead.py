"""Imports, before the snapshot, what the handler's requests would otherwise import each time."""

import contextlib
import importlib
import sys
import types

_IMPORT_NAME, _EXTENDED_ARG = 108, 144
"""numbers of instructions, as `dis` names them"""
_MENTIONED = (
    (b"async", ("nexus_loop",)),
    (b".form(", ("email.parser", "email.policy")),
    (b"scheduled_time", ("datetime",)),
)
"""modules of the standard library and of Nexus, by the words for which a handler needs them"""


def import_for(content):
    """Import what the handler's file with this *content* needs of Nexus."""
    for word, modules in _MENTIONED:
        if word in content:
            for name in modules:
                importlib.import_module(name)


def import_within(code):
    """Import the modules of the standard library that functions in *code* import when called."""
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            for name in _imported(inner):
                if name.partition(".")[0] in sys.stdlib_module_names:
                    with contextlib.suppress(Exception):  # the request reports it
                        importlib.import_module(name)
            import_within(inner)


def _imported(code):
    """Yield the names of the modules that *code* imports itself."""
    instructions, number = code.co_code, 0
    for name, argument in zip(instructions[::2], instructions[1::2], strict=True):
        number = number << 8 | argument
        if name == _IMPORT_NAME:
            yield code.co_names[number]
        if name != _EXTENDED_ARG:
            number = 0
