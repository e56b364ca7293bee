"""Validation against the schemas of Kubernetes itself."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import NamedTuple

import kubernetes_validate

from tests.deploy.render import Object

VERSIONS = ("1.35", "1.37")
"""the oldest and the newest that Kubernetes supports (November 2026)"""
MINIMUM = "1.30"
"""the oldest on which targets run: a preStop hook that sleeps"""
OWN_GROUPS = ("monitoring.coreos.com/", "keda.sh/", "gateway.networking.k8s.io/")
"""API groups of custom resources, whose schemas are not part of Kubernetes"""


class Validated(NamedTuple):
    valid: int
    uncovered: list[str]
    """custom resources, which these schemas do not cover, as `Kind/name`"""
    problems: list[str]


def validate(objects: Iterable[Object], version: str) -> Validated:
    """Validate strictly: an unknown field is a problem."""
    valid, uncovered, problems = 0, [], []
    for found in objects:
        name = f"{found['kind']}/{found['metadata']['name']}"
        if found["apiVersion"].startswith(OWN_GROUPS):
            uncovered.append(name)
            continue
        problem = _problem(json.dumps(found), version)
        if problem is None:
            valid += 1
        else:
            problems.append(f"{name}: {problem}")
    return Validated(valid, uncovered, problems)


@functools.cache  # most targets have most objects in common, and each reads a megabyte of schemas
def _problem(text: str, version: str) -> str | None:
    """What is wrong with the object that *text* is; None: nothing."""
    found = json.loads(text)
    try:
        kubernetes_validate.validate(found, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    except kubernetes_validate.SchemaNotFoundError:
        return f"Kubernetes {version} has no {found['apiVersion']}"
    return None
