"""`nexus vendor`: puts Python packages beside a handler, where its guest sees them."""

from __future__ import annotations

from pathlib import Path

import click

from nexus.cli.options import config_option, settings_for_a_tool

_KIB = 1024


@click.command()
@click.argument("name", required=False)
@click.option(
    "-r",
    "--requirement",
    "requirements",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Packages to fetch, as pip reads them.",
)
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@config_option
def vendor(
    name: str | None,
    requirements: Path,
    handlers_dir: str | None,
    config: str | None,
    config_folder: str | None,
) -> None:
    """Fetch the packages in FILE, and what they need, for the Python handler NAME.

    They go to NAME/site-packages in the handlers folder. Without NAME they go to its
    site-packages, where all Python handlers see them.
    """
    from nexus.guest.python.wheels import vendor as fetch

    settings = settings_for_a_tool(
        handlers_dir=handlers_dir, config=config, config_folder=config_folder
    )
    folder = settings.handlers_dir
    if not folder.is_dir():
        raise click.UsageError(f"no folder {folder}: name one with --handlers DIR")
    target = (folder / name if name else folder) / "site-packages"
    if not target.parent.is_dir() or (name and "/" in name):
        hint = f"; move {name}.py to {name}/main.py" if (folder / f"{name}.py").exists() else ""
        raise click.UsageError(f"NAME is {name!r}, but {folder} has no such folder{hint}")
    packages = fetch(requirements, target)
    for package in packages:
        line = f"{package.name} {package.version}: {package.size_bytes / _KIB:.0f} KiB"
        if package.left_out:
            line += f", not pure Python; without {', '.join(package.left_out)}"
        click.echo(line)
    total = sum(package.size_bytes for package in packages)
    click.echo(f"{len(packages)} packages, {total / _KIB:.0f} KiB, in {target}")
    if any(package.left_out for package in packages):
        click.echo("A package without its compiled modules works only if it can do without them.")
