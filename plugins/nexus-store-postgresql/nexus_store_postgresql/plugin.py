"""The plugin: adds the store `postgresql`. psycopg is only imported if that store is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.option_types import Allowed, Whole
from nexus.plugin_api.options import plugin_options
from nexus.plugin_api.settings import Settings
from nexus.plugin_api.stores import Store, StoreFactory


class Options(BaseModel):
    """The options in `plugins.store-postgresql`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[
        str,
        Field(pattern=r"^postgres(ql)?://", repr=False),
        Allowed("postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with libpq's options as a query"),
    ] = "postgresql://127.0.0.1:5432/nexus"
    schema_name: Annotated[
        str,
        Field(alias="schema", pattern=r"^[a-z_][a-z0-9_]{0,62}$"),
        Allowed("a name of lower case letters, digits and _"),
    ] = "nexus"
    max_connections: Whole = Field(8, ge=1, le=1000)


@hookimpl
def nexus_stores() -> Mapping[str, StoreFactory]:
    return {"postgresql": _make}


def _make(settings: Settings) -> Store:
    from nexus_store_postgresql.store import PostgresqlStore

    options = plugin_options(settings, "store-postgresql", Options)
    return PostgresqlStore(options.url, options.schema_name, options.max_connections)
