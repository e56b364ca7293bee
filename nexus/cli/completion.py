"""`nexus completion`: prints what a shell needs to complete commands and options."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")
_INSTALL = {
    "bash": 'eval "$(nexus completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(nexus completion zsh)"   # in ~/.zshrc',
    "fish": "nexus completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command(
    epilog="\b\nTo have it in every new shell:\n" + "\n".join(f"  {_INSTALL[s]}" for s in _SHELLS)
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the script that completes `nexus` in SHELL (by default the one in $SHELL)."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    kind = get_completion_class(shell) if shell in _SHELLS else None
    if kind is None:
        raise click.UsageError(
            f"SHELL: found {shell!r} in $SHELL, allowed: {', '.join(_SHELLS)} as an argument"
        )
    group = ctx.find_root().command
    click.echo(kind(group, {}, "nexus", "_NEXUS_COMPLETE").source())
