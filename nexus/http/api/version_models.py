"""Models of deployed versions, for requests and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nexus.http.api.models import Model
from nexus.plugin_api.option_types import Allowed

MOST_NOTE_CHARACTERS = 500
_Id = Annotated[str, Field(pattern=r"^v[1-9][0-9]*$", examples=["v7"])]
_Sticky = Annotated[
    str,
    Field(
        pattern=r"^((header|cookie):[A-Za-z0-9_-]{1,100})?$",
        examples=["cookie:session", "header:X-User"],
    ),
    Allowed("header:NAME, cookie:NAME or an empty text"),
]


class DeployQuery(Model):
    """What is said of a version."""

    note: str = Field(
        "",
        max_length=MOST_NOTE_CHARACTERS,
        description="why there is this version: a commit, say",
    )
    weight: Annotated[int, Field(ge=1, le=100)] = Field(
        100,
        description="how many of a hundred requests it gets; below 100, the version that gets most "
        "gives them",
    )
    sticky: _Sticky | None = Field(
        None, description="with a weight below 100: see SharedWeights; missing: as it is"
    )


class SharedWeights(Model):
    """How versions of a handler share its requests."""

    weights: Annotated[
        dict[_Id, Annotated[int, Field(ge=1, le=100)]],
        Field(min_length=1, max_length=10),
        Allowed("versions with their parts of a hundred requests, such as v7: 95, v8: 5"),
    ] = Field(
        description="by version, how many of a hundred requests it gets; together 100",
        examples=[{"v7": 95, "v8": 5}],
    )
    sticky: _Sticky = Field(
        "",
        description="`header:NAME` or `cookie:NAME`: requests with the same value get the same "
        "version; empty: each request may get another",
    )


class VersionItem(Model):
    """A deployed version, which never changes."""

    id: _Id
    digest: str = Field(description="SHA-256 of its files and manifest")
    created_at: float = Field(description="Unix time, in seconds")
    created_by: str = Field(description="name of the token that deployed it")
    note: str
    language: str = Field(examples=["javascript", "python", "wasm", "static"])
    size_bytes: Annotated[int, Field(ge=0)]
    weight: Annotated[int, Field(ge=0, le=100)] = Field(
        description="how many of a hundred requests it serves; 0: it does not serve"
    )


class FileItem(Model):
    """A file of a version."""

    path: str = Field(description="as in a handlers folder")
    size_bytes: Annotated[int, Field(ge=0)]
    digest: str = Field(description="SHA-256")
    text: str | None = Field(description="its content; null if it is large, or not UTF-8")


class VersionDetail(VersionItem):
    """A deployed version with its files."""

    entry: str = Field(description="path of the handler's own file")
    manifest: str = Field(description="the manifest (TOML); empty: it has none")
    files: list[FileItem]


class EventItem(Model):
    """A change of a handler's versions."""

    at: float = Field(description="Unix time, in seconds")
    by: str = Field(description="name of the token")
    action: Literal["deploy", "activate", "weights", "delete", "prune"]
    version: str | None = Field(description="null: several, or all")
    detail: str


class VersionList(Model):
    """A handler's deployed versions, the newest first."""

    handler: str
    versions: list[VersionItem]
    weights: dict[str, int] = Field(
        description="by version, how many of a hundred requests it serves",
        examples=[{"v7": 95, "v8": 5}],
    )
    sticky: str = Field(
        description="`header:NAME` or `cookie:NAME` if clients stay with one version; empty: not"
    )
    history: list[EventItem] = Field(description="the latest 200 changes, the newest first")
