"""The table `plugins.jwt`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from nexus.plugin_api.option_types import Allowed, Folder, Whole
from nexus.plugin_api.problems import DESCRIBED

SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")
PUBLIC_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
_FROZEN = ConfigDict(frozen=True, extra="forbid")
_SOURCES = ("secret", "secret_file", "public_key", "public_key_file")


def _names(value: object) -> object:
    """Return a list of names from a list, a text, or a text with commas (in the environment)."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _algorithm(value: object) -> object:
    if value not in SECRET_ALGORITHMS + PUBLIC_ALGORITHMS:
        raise ValueError("no such algorithm")
    return value


def _url(value: object) -> object:
    """Check that the address is https, or on this machine: a forged answer could let anyone in."""
    parts = urlsplit(value) if isinstance(value, str) else None
    local = parts is not None and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("no address")
    if parts.scheme == "http" and not local:
        raise ValueError("not https")
    return value


def _wrong(found: str) -> PydanticCustomError:
    return PydanticCustomError(DESCRIBED, "{found}", {"found": found})


Names = Annotated[
    tuple[str, ...], BeforeValidator(_names), Allowed("a list of texts, or texts with commas")
]
Text = Annotated[str, Field(min_length=1), Allowed("a text")]
File = Annotated[Folder, Allowed("the path of a file")]


class KeyOptions(BaseModel):
    """One key for one algorithm; a token cannot choose another algorithm for it."""

    model_config = _FROZEN

    algorithm: Annotated[
        str,
        BeforeValidator(_algorithm),
        Allowed(", ".join(SECRET_ALGORITHMS + PUBLIC_ALGORITHMS)),
    ]
    kid: Text | None = None
    """the id by which tokens name the key; None: the key's name in the table"""
    secret: Text | None = None
    secret_file: File | None = None
    public_key: Annotated[str, Field(min_length=1), Allowed("a public key in PEM")] | None = None
    public_key_file: File | None = None

    @model_validator(mode="after")
    def _one_source(self) -> KeyOptions:
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        kind = "secret" if self.algorithm in SECRET_ALGORITHMS else "public_key"
        if len(given) != 1 or not given[0].startswith(kind):
            found = " and ".join(given) or "nothing"
            raise _wrong(
                f"found {found}, allowed with {self.algorithm}: either {kind} or {kind}_file"
            )
        return self


class KeySetOptions(BaseModel):
    """A JSON Web Key Set, in a file or at an address."""

    model_config = _FROZEN

    file: File | None = None
    url: (
        Annotated[
            str, BeforeValidator(_url), Allowed("an https address (http on this machine alone)")
        ]
        | None
    ) = None
    algorithms: Annotated[
        tuple[str, ...], BeforeValidator(_names), Allowed(", ".join(PUBLIC_ALGORITHMS))
    ]
    """the algorithms allowed for the keys; each key is used with those of its type"""
    refresh_s: Annotated[Whole, Field(ge=1, le=86400), Allowed("whole seconds from 1 to 86400")] = (
        300
    )
    timeout_s: Annotated[Whole, Field(ge=1, le=60), Allowed("whole seconds from 1 to 60")] = 3

    @model_validator(mode="after")
    def _whole(self) -> KeySetOptions:
        if (self.file is None) == (self.url is None):
            raise _wrong("found both file and url" if self.file else "found neither file nor url")
        for algorithm in self.algorithms:
            if algorithm not in PUBLIC_ALGORITHMS:
                raise _wrong(
                    f"algorithms: found {algorithm[:20]!r}, allowed: {', '.join(PUBLIC_ALGORITHMS)}"
                )
        if not self.algorithms:
            raise _wrong("algorithms: found none; name those that the issuer signs with")
        return self


class Terms(BaseModel):
    """The requirements of a route; None: those of all routes."""

    model_config = _FROZEN

    access: (
        Annotated[Literal["required", "optional", "public"], Allowed("required, optional, public")]
        | None
    ) = None
    issuer: Names | None = None
    """the token must have one of these issuers"""
    audience: Names | None = None
    """the token must have one of these audiences; if none is set, it must not name an audience"""
    required_claims: Names | None = None
    scopes: Names | None = None
    """the token must have all of these in the claim `scope` (RFC 8693) or `scp`"""
    keys: Names | None = None
    """names of the keys and key sets that may verify the token; None: all of them"""


class Options(Terms):
    """The whole table: terms for all routes, and different ones for some."""

    leeway_s: Annotated[Whole, Field(ge=0, le=600), Allowed("whole seconds from 0 to 600")] = 0
    realm: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9 ._/:-]{1,100}$"),
        Allowed("letters, digits, ._/:- and blanks"),
    ] = "nexus"
    key: Annotated[Mapping[str, KeyOptions], Allowed("a table of keys")] = Field(
        default_factory=dict
    )
    key_set: Annotated[Mapping[str, KeySetOptions], Allowed("a table of key sets")] = Field(
        default_factory=dict
    )
    routes: Annotated[Mapping[str, Terms], Allowed("a table by route")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Options:
        known = {*self.key, *self.key_set}
        if not known:
            raise _wrong("found no key; allowed: a table `key` or `key_set` with one at least")
        if both := self.key.keys() & self.key_set.keys():
            raise _wrong(f"{min(both)} is the name of a key and of a key set")
        for where, terms in (("", self), *((f"routes.{r}.", t) for r, t in self.routes.items())):
            if unknown := set(terms.keys or ()) - known:
                names = ", ".join(sorted(known))
                raise _wrong(f"{where}keys: found {min(unknown)!r}, allowed: {names}")
        for route in self.routes:
            if not route.startswith("/") or (route != "/" and route.endswith("/")):
                raise _wrong(f"routes: found {route!r}, allowed: routes such as /orders")
        return self
