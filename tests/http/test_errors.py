"""Errors as problems: every leaf of the tree has a status, and every status an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nexus import errors
from nexus.errors import InternalError, MethodNotAllowed, NexusError
from nexus.http.errors import STATUS, problem

ARGUMENTS: dict[type[NexusError], tuple[Any, ...]] = {
    errors.ConfigError: (["one", "two"],),
    errors.ManifestError: (["one", "two"],),
    errors.MethodNotAllowed: ("PUT", ("GET", "POST")),
    errors.PayloadTooLarge: (100,),
    errors.InvalidState: ("i-1", "idle", "suspended"),
}


def tree(kind: type[NexusError] = NexusError) -> Iterator[type[NexusError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == "nexus.errors":
            yield from tree(below)


KINDS = list(tree())


def made(kind: type[NexusError]) -> NexusError:
    return kind(*ARGUMENTS.get(kind, ("what was found",)))


def test_every_code_has_a_status_and_every_status_a_code() -> None:
    assert {kind.code for kind in KINDS} == set(STATUS)


def test_what_quotes_a_guest_is_shown_in_debug_alone() -> None:
    quoting = [kind for kind in KINDS if getattr(kind, "quotes_guest", False)]
    assert errors.InvalidResponse in quoting
    thrown = errors.GuestTrap("Uncaught Error: a secret")
    thrown.quotes_guest = True
    for error in [thrown, *(kind("a secret") for kind in quoting)]:
        assert b"a secret" not in problem(error, "h", None).body
        assert b"a secret" in problem(error, "h", None, debug=True).body


def test_an_empty_list_of_methods_is_said_in_words() -> None:
    assert str(MethodNotAllowed("PUT", ())).endswith("allowed: no method")


def test_the_tree_drawn_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for kind in KINDS:
        assert f" {kind.__name__} " in drawn or f"\n{kind.__name__}\n" in drawn, kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem(kind: type[NexusError]) -> None:
    error = made(kind)
    answer = problem(error, "h", "x-1")
    found = json.loads(answer.body)
    assert answer.status == found["status"] == STATUS[kind.code]
    assert found["code"] == kind.code
    assert (found["handler"], found["execution_id"]) == ("h", "x-1")
    assert dict(answer.headers)["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in dict(answer.headers)) == issubclass(kind, errors.AdmissionError)
    assert ("Allow" in dict(answer.headers)) == (kind is MethodNotAllowed)
    assert ("WWW-Authenticate" in dict(answer.headers)) == (kind is errors.Unauthorized)


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if issubclass(k, InternalError)], ids=lambda kind: kind.__name__
)
def test_what_went_wrong_inside_is_not_told(kind: type[NexusError]) -> None:
    answer = problem(kind("the password is 123"), None, None)
    assert b"123" not in answer.body
    assert json.loads(answer.body)["detail"] == "internal error"
