"""Blanks out the types of TypeScript, so that what is left is JavaScript at the same positions.

Needs the extra `typescript`: tree-sitter with its grammar. Types are not checked. Syntax that would
need code in its place is refused by name and line; anything that the grammar does not know is left
to QuickJS, whose errors name the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from nexus.errors import CompilationError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SUFFIXES: Final = (".ts", ".mts")
MISSING: Final = "TypeScript needs an extra: pip install 'nexus-runtime[typescript]'"

_STATEMENTS: Final = frozenset(
    (
        "interface_declaration",
        "type_alias_declaration",
        "ambient_declaration",
        "function_signature",
        "abstract_method_signature",
        "method_signature",
        "index_signature",
    )
)
"""statements and class members that are only types"""
_TYPES: Final = frozenset(
    (
        "type_annotation",
        "type_parameters",
        "type_arguments",
        "implements_clause",
        "asserts_annotation",
        "type_predicate_annotation",
        "accessibility_modifier",
        "override_modifier",
        "readonly",
    )
)
"""what stands beside a value or a name"""
_MARKS: Final = {
    "optional_parameter": ("?",),
    "public_field_definition": ("?", "!"),
    "method_definition": ("?",),
    "variable_declarator": ("!",),
    "non_null_expression": ("!",),
    "abstract_class_declaration": ("abstract",),
}
_REFUSED: Final = {
    "enum_declaration": "an enum",
    "internal_module": "a namespace",
    "module": "a namespace",
    "import_require_clause": "import … = require(…)",
    "decorator": "a decorator",
}
_REMEDY: Final = (
    "is more than a type, so it cannot be left out; write JavaScript there, or compile it"
)
_MEMBERS: Final = ("public_field_definition", "method_definition")
_CASTS: Final = ("as_expression", "satisfies_expression")
_CALLS: Final = ("call_expression", "subscript_expression")
_ENDS: Final = (
    "expression_statement",
    "lexical_declaration",
    "variable_declaration",
    "return_statement",
    "throw_statement",
    "public_field_definition",
)


def is_typescript(name: str) -> bool:
    """Return whether the file called *name* is TypeScript."""
    return PurePosixPath(name).suffix in SUFFIXES


def blank_types(name: str, content: bytes) -> bytes:
    """Return the TypeScript *content* of the file *name* with spaces in place of types.

    Raises: CompilationError if the extra is missing, or for syntax that is more than a type.
    """
    text = bytearray(content)
    for node in _walk(_parser(name).parse(content).root_node, name, text):
        _blank(text, node.start_byte, node.end_byte)
    return _one_space_a_character(content, bytes(text))


def _parser(name: str) -> Parser:
    try:
        import tree_sitter
        import tree_sitter_typescript
    except ImportError as error:
        raise CompilationError(f"{name}: {MISSING}") from error
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_typescript()))


def _walk(root: Node, name: str, text: bytearray) -> Iterator[Node]:
    """Yield the nodes to blank; write to *text* what must stand in the place of some."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        _refuse(node, name)
        if _is_statement(node):
            yield node
            text[node.start_byte] = ord(";")  # what follows must not continue what is before
            continue
        if node.type in _TYPES:
            yield node
            if node.parent is not None:
                _keep_together(node, node.parent, text)
            continue
        yield from _parts(node, text)
        waiting += reversed(node.children[:1] if node.type in _CASTS else node.children)


def _parts(node: Node, text: bytearray) -> Iterator[Node]:
    """Yield children of *node* to blank that are not types by themselves."""
    marks = _MARKS.get(node.type, ())
    for child in node.children:
        if child.type in marks:
            yield child
    if node.type in _CASTS:
        yield from node.children[1:]
        if _ends_statement(node):
            text[node.end_byte - 1] = ord(";")  # the line below must not continue this one
    if node.type == "required_parameter" and node.children[0].type == "this":
        yield from _with_comma(node)
    if node.type in ("import_specifier", "export_specifier") and node.children[0].type == "type":
        yield from _with_comma(node)


def _is_statement(node: Node) -> bool:
    if node.type in _STATEMENTS:
        return True
    kinds = [child.type for child in node.children]
    if node.type in ("import_statement", "export_statement"):
        return "type" in kinds or any(kind in _STATEMENTS for kind in kinds)
    return node.type == "public_field_definition" and ("declare" in kinds or "abstract" in kinds)


def _keep_together(node: Node, parent: Node, text: bytearray) -> None:
    """Write parentheses where a line end in a blanked type would come between two tokens that
    JavaScript wants on one line, and a semicolon in front of a member without its modifier."""
    first = parent.children[0]
    spans_lines = node.start_point[0] != node.end_point[0]
    parameters = parent.child_by_field_name("parameters")
    if parent.type in _MEMBERS and node == first:
        text[node.start_byte] = ord(";")
    elif parent.type == "arrow_function" and spans_lines and parameters is not None:
        if node.type == "type_parameters":
            text[node.start_byte] = ord("(")
            text[parameters.start_byte] = ord(" ")
        else:
            text[parameters.end_byte - 1] = ord(" ")
            text[node.end_byte - 1] = ord(")")


def _with_comma(node: Node) -> Iterator[Node]:
    yield node
    following = node.next_sibling
    if following is not None and following.type == ",":
        yield following


def _ends_statement(cast: Node) -> bool:
    """Return whether a statement ends with *cast*, without a semicolon."""
    parent = cast.parent
    if parent is not None and parent.type in _CALLS and parent.children[0] == cast:
        return True  # the grammar misses that a type cannot be called: TypeScript ends it here
    above: Node | None = cast
    while above is not None and above.type not in _ENDS:
        above = above.parent
    return above is not None and above.end_byte == cast.end_byte


def _refuse(node: Node, name: str) -> None:
    """Raise CompilationError for syntax that is more than a type."""
    what = _REFUSED.get(node.type) if node.is_named else None
    if node.type in ("required_parameter", "optional_parameter"):
        kinds = [child.type for child in node.children]
        if {"accessibility_modifier", "readonly", "override_modifier"} & set(kinds):
            what = "a parameter property"
    if node.type == "export_statement" and any(child.type == "=" for child in node.children):
        what = "export ="
    if what is not None:
        line, column = node.start_point[0] + 1, node.start_point[1] + 1
        raise CompilationError(f"{name}:{line}:{column}: {what} {_REMEDY}")


def _blank(text: bytearray, start: int, end: int) -> None:
    for at in range(start, end):
        if text[at] not in b"\r\n":
            text[at] = 0x20


def _one_space_a_character(original: bytes, blanked: bytes) -> bytes:
    """Keep one space for each blanked character of several bytes, so that columns stay."""
    if original.isascii():
        return blanked
    pairs = zip(original, blanked, strict=True)
    return bytes(new for old, new in pairs if not (old & 0xC0 == 0x80 and new == 0x20))
