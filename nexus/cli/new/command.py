"""`nexus new`: writes a first handler with its manifest and its test, and says what comes next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from nexus.cli.new.files import LANGUAGES, MANIFEST, TEST, Language
from nexus.cli.options import config_option, load_settings
from nexus.errors import InvalidHandler


@click.command()
@click.argument("name")
@click.option("--python", "language", flag_value="python", default="python", help="The default.")
@click.option("--js", "language", flag_value="js")
@click.option("--ts", "language", flag_value="ts")
@click.option("--c", "language", flag_value="c", help="Compiled to WebAssembly by you.")
@click.option("--rust", "language", flag_value="rust", help="Compiled to WebAssembly by you.")
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@config_option
def new(name: str, language: str, **options: Any) -> None:
    """Write a first handler called NAME, its manifest and its test.

    The handler and its manifest go to the handlers folder, which is made if need be, the test to
    the folder tests beside it.
    """
    from nexus.handlers.names import check_name  # late: `--help` needs none of it

    chosen = LANGUAGES[language]
    folder = load_settings(**options).settings.handlers_dir
    try:
        check_name(name)
    except InvalidHandler as error:
        raise click.UsageError(f"NAME: {error}") from error
    _check_free(folder, name)
    words = _words(folder, name, chosen)
    source = folder.parent / words["@SOURCE@"]
    written = {
        source: chosen.source,
        folder / f"{name}.toml": MANIFEST,
        folder.parent / "tests" / f"test_{re.sub('[.-]', '_', name)}.py": TEST,
    }
    if taken := [path for path in written if path.exists()]:
        raise click.UsageError(f"{_shown(taken[0])} exists already")
    for path, text in written.items():
        _write(path, _filled(text, words))
    _say_what_next(folder, name, chosen, words)


def _check_free(folder: Path, name: str) -> None:
    """Raises: UsageError if *folder* has a handler called *name* already, in any language."""
    found = sorted(path for path in folder.glob("*") if name in (path.name, path.stem))
    if found:
        raise click.UsageError(f"NAME: {name!r} is taken: {_shown(found[0])} exists already")


def _words(folder: Path, name: str, language: Language) -> dict[str, str]:
    """Return what stands for each mark in the files; paths are relative to *folder*'s parent."""
    handler = f"{folder.name}/{name}{'.wasm' if language.build else language.suffix}"
    source = f"src/{name}{language.suffix}" if language.build else handler
    words = {
        "@NAME@": name,
        "@ROUTE@": f"/{name}",
        "@FILE@": handler,
        "@MODULE@": handler,
        "@SOURCE@": source,
    }
    return {**words, "@BUILD@": _filled(language.build, words)}


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {error.strerror}") from error
    click.echo(_shown(path))


def _shown(path: Path) -> str:
    """Return *path* relative to the current folder, if it is in it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _say_what_next(folder: Path, name: str, language: Language, words: dict[str, str]) -> None:
    if not _inside(folder.parent):
        click.echo(f"\nNext, in {folder.parent}:")
    else:
        click.echo("\nNext:")
    where = "" if folder.name == "handlers" else f" --handlers {folder.name}"
    steps = [
        (words["@BUILD@"], "compile it"),
        (language.prepare, f"once: {language.prepared}"),
        (f"nexus dev{where}", f"serve it: http://127.0.0.1:8000/{name}?name=ann"),
        ("python -m pytest tests", "run its test"),
    ]
    for command, purpose in steps:
        if command:
            click.echo(f"  {command}   # {purpose}")


def _inside(folder: Path) -> bool:
    return folder.resolve() == Path.cwd().resolve()
