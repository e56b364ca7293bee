"""Source text that defines no handler is a script; its last expression is its value."""

import ast
import contextlib
import importlib
import inspect
import types

import nexus

_NAMES = frozenset({"fetch", "app", "application", "run"})
_VALUE = "_value"  # a name in the script's own namespace
_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def load(source, file):
    """Return an object whose `run` runs the script in *source*; None if it is a module."""
    tree = compile(source, file, "exec", ast.PyCF_ONLY_AST | _AWAIT, dont_inherit=True)
    if not _NAMES.isdisjoint(_bound(tree.body)):
        return None
    _import_now(tree)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        kept = ast.Assign([ast.Name(_VALUE, ast.Store())], last.value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(kept, last))
    code = compile(tree, file, "exec", _AWAIT, dont_inherit=True)
    return types.SimpleNamespace(run=_waiting(code) if _is_async(code) else _plain(code))


def _is_async(code):
    return bool(code.co_flags & inspect.CO_COROUTINE)


def _plain(code):
    def run(context):
        names = _names(context)
        exec(code, names)
        return names.get(_VALUE)

    return run


def _waiting(code):
    async def run(context):
        names = _names(context)
        await eval(code, names)
        return names.get(_VALUE)

    return run


def _names(context):
    return {"__name__": "__main__", "context": context, "nexus": nexus}


def _bound(nodes):
    """Yield the names that the statements *nodes* bind at the top of the module."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            yield from _bound(ast.iter_child_nodes(node))


def _import_now(tree):
    """Import what the script imports, so that an execution finds it in the snapshot."""
    for node in ast.walk(tree):
        names = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            with contextlib.suppress(Exception):  # the script reports it, if it comes there
                importlib.import_module(name)
