"""Builds the filter from the options: reads the keys, joins the terms of all routes and of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from nexus.plugin_api.errors import ConfigError
from nexus_auth_jwt.filter import Gate, JwtFilter
from nexus_auth_jwt.key_sets import KeySet
from nexus_auth_jwt.keys import VerifyingKey, from_options
from nexus_auth_jwt.options import Options, Terms
from nexus_auth_jwt.verify import Verifier

_T = TypeVar("_T")


def build_filter(options: Options) -> JwtFilter:
    """Make the filter. Raises: ConfigError, one line for each key that cannot be used."""
    keys, key_sets = _read(options)

    def gate(terms: Terms) -> Gate:
        names = _chosen(terms.keys, options.keys)
        return Gate(
            _chosen(terms.access, options.access) or "required",
            Verifier(
                [key for name, key in keys.items() if names is None or name in names],
                [found for name, found in key_sets.items() if names is None or name in names],
                issuer=_chosen(terms.issuer, options.issuer),
                audience=_chosen(terms.audience, options.audience),
                required=_required(terms, options),
                scopes=_chosen(terms.scopes, options.scopes) or (),
                leeway_s=options.leeway_s,
            ),
        )

    routes = {route: gate(terms) for route, terms in options.routes.items()}
    return JwtFilter(gate(options), routes, options.realm)


def _chosen(own: _T | None, shared: _T | None) -> _T | None:
    return shared if own is None else own


def _required(terms: Terms, options: Options) -> Sequence[str]:
    """Return the claims that a token must have. By default `exp` is one of them: a token that never
    expires is like a password."""
    found = _chosen(terms.required_claims, options.required_claims)
    return ("exp",) if found is None else found


def _read(options: Options) -> tuple[dict[str, VerifyingKey], dict[str, KeySet]]:
    problems: list[str] = []
    keys: dict[str, VerifyingKey] = {}
    for name, key in options.key.items():
        try:
            keys[name] = from_options(name, key)
        except (ValueError, OSError) as error:
            problems.append(f"plugins.jwt.key.{name}: {error}")
    key_sets = {name: KeySet(name, found) for name, found in options.key_set.items()}
    for name, found in options.key_set.items():
        if found.file is None:
            continue  # fetched at the first request: the issuer may start after this server
        try:
            key_sets[name].load()
        except (ValueError, OSError) as error:
            problems.append(f"plugins.jwt.key_set.{name}: {error}")
    if problems:
        raise ConfigError(problems)
    return keys, key_sets
