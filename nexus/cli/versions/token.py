"""`nexus token`: makes, lists and revokes tokens for the runtime API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from nexus.cli.options import config_option, json_option, settings_for_a_tool

if TYPE_CHECKING:
    from nexus.versions.tokens import Tokens


@contextmanager
def _tokens(config: str | None, config_folder: str | None) -> Iterator[Tokens]:
    from nexus.versions.stores.choose import open_store  # late: not for `--help`
    from nexus.versions.tokens import Tokens

    settings = settings_for_a_tool(config=config, config_folder=config_folder)
    store = open_store(settings.version_store, settings.state_dir)
    try:
        yield Tokens(store)
    finally:
        store.close()


@click.group()
def token() -> None:
    """Tokens that may do less than the admin token; they lie in the version_store."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE",
    help="read, text, deploy:NAME or run:NAME (* for all); may be repeated.",
)
@config_option
def create(
    name: str, scopes: tuple[str, ...], config: str | None, config_folder: str | None
) -> None:
    """Make a token called NAME, and print it: it cannot be shown again."""
    with _tokens(config, config_folder) as tokens:
        click.echo(tokens.make(name, scopes))


@token.command("list")
@config_option
@json_option
def list_tokens(config: str | None, config_folder: str | None, *, as_json: bool) -> None:
    """List the tokens with their scopes."""
    with _tokens(config, config_folder) as tokens:
        found = tokens.all()
    if as_json:
        shown = [entry.model_dump(exclude={"sha256"}) for entry in found]
        click.echo(json.dumps(shown, indent=2))
        return
    for entry in found:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.created_at))
        click.echo(f"{entry.name:<20} {when}  {', '.join(entry.scopes)}")


@token.command()
@click.argument("name")
@config_option
def revoke(name: str, config: str | None, config_folder: str | None) -> None:
    """Revoke the token called NAME: the server refuses it from now on."""
    with _tokens(config, config_folder) as tokens:
        tokens.revoke(name)
    click.echo(f"{name} is revoked")
