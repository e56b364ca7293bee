"""Reads a plugin's own table of the setting `plugins`, with a model that checks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nexus.errors import ConfigError
from nexus.plugin_api.option_types import Allowed
from nexus.plugin_api.problems import DESCRIBED, shown, suggestion
from nexus.plugin_api.secrets import HIDDEN, public
from nexus.plugin_api.settings import Settings

M = TypeVar("M", bound=BaseModel)


def plugin_options(settings: Settings, plugin: str, model: type[M]) -> M:
    """Read the table `plugins.PLUGIN` as *model*, which should be frozen and forbid other keys.

    Options in a table with `_` for each `-` of the name are added, and win: environment variables
    cannot have a `-`.

    A message never quotes a value whose key suggests a secret, or whose key is unknown.

    Raises: ConfigError with one line for each wrong option: its name, found, allowed.
    """
    tables = settings.plugins
    table = {**tables.get(plugin, {}), **tables.get(plugin.replace("-", "_"), {})}
    try:
        return model.model_validate(table)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        raise ConfigError([_line(plugin, model, found) for found in findings]) from None


def _line(plugin: str, model: type[BaseModel], finding: Any) -> str:
    location = finding["loc"]
    where = ".".join(["plugins", plugin, *map(str, location)])
    known, field = _declared(model, location)
    if finding["type"] == "extra_forbidden":
        return f"{where}: there is no such key; {suggestion(str(location[-1]), known.model_fields)}"
    allowed = _allowed(field) or finding["msg"]
    if finding["type"] == "missing":
        return f"{where}: nothing found, allowed: {allowed}"
    if finding["type"] == DESCRIBED:
        return f"{where}: {finding['ctx']['found']}"
    return f"{where}: found {_found(location, finding['input'])}, allowed: {allowed}"


def _found(location: Sequence[int | str], value: object) -> str:
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    safe = public({key: value})[key]
    return HIDDEN if safe == HIDDEN else shown(safe)


def _declared(
    model: type[BaseModel], location: Sequence[int | str]
) -> tuple[type[BaseModel], FieldInfo | None]:
    """Return the innermost model on the way to *location*, and the last field on the way."""
    field: FieldInfo | None = None
    skip = False  # the next part is a key of a table, or an index
    for part in location:
        found = None if skip else model.model_fields.get(str(part))
        skip = False
        if found is None:
            continue
        field = found
        skip = get_origin(field.annotation) in (dict, list, tuple, Mapping, Sequence)
        model = _inner(field.annotation) or model
    return model, field


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)


def _allowed(field: FieldInfo | None) -> str | None:
    if field is None:
        return None
    return next(_words((*field.metadata, field.annotation)), None)


def _words(entries: Iterable[Any]) -> Iterator[str]:
    """Yield the `Allowed` texts among *entries*, also inside `Annotated[...] | None`."""
    for entry in entries:
        if isinstance(entry, Allowed):
            yield entry.text
        elif get_origin(entry) in (Annotated, Union, UnionType):
            yield from _words((*getattr(entry, "__metadata__", ()), *get_args(entry)))
