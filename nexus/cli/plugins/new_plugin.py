"""`nexus new-plugin`: writes the package of a new plugin, whose test passes."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import click

from nexus.cli.plugins.files import FILES

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_CHARACTERS = 40


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Make the package's folder in DIR; default: here.",
)
def new_plugin(name: str, directory: Path) -> None:
    """Write the package of a new plugin, nexus-NAME, into a folder of that name.

    It adds a scheduling policy called NAME, which admits the newest request first; replace that
    with what your plugin is for.
    """
    plugin = name.removeprefix("nexus-")
    if not _NAME.fullmatch(plugin) or len(plugin) > _MAX_CHARACTERS:
        raise click.UsageError(
            f"NAME is {name!r}; it takes words of lower case letters and digits, with - between "
            f"them, at most {_MAX_CHARACTERS} characters"
        )
    folder = directory / f"nexus-{plugin}"
    if folder.exists():
        raise click.UsageError(f"{folder} exists already")
    for path, text in files(plugin).items():
        file = folder / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"cannot write {file}: {error.strerror}") from error
        click.echo(file)
    shown = folder if folder.is_absolute() else f"./{folder}"  # a bare name is an index entry
    click.echo(f"To install it: pip install --editable {shown}")


def files(plugin: str) -> dict[str, str]:
    """Return the package's files; maps a path to its text."""
    words = {
        "@NAME@": plugin,
        "@DISTRIBUTION@": f"nexus-{plugin}",
        "@PACKAGE@": f"nexus_{plugin.replace('-', '_')}",
        "@TABLE@": plugin.replace("-", "_"),
        "@NEXUS@": metadata.version("nexus-runtime"),
    }

    def filled(text: str) -> str:
        for mark, word in words.items():
            text = text.replace(mark, word)
        return text

    return {filled(path): filled(text) for path, text in FILES.items()}
