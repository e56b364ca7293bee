"""Starts `nexus` often without importing it as often: `python tests/cli/fork_server.py FD`.

It imports the command once and forks for each order that comes over the socket FD. The child is a
process like any other: its own arguments, folder, environment and files, and it ends as Python
does. Only what Python itself reads from the environment is that of the start.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any

import click

from nexus.cli import main
from nexus.cli.main import command

LONGEST_S = 60


def take_orders(orders: socket.socket) -> dict[str, Any]:
    """Answer each order with how its process ended. Returns in the children, with their order."""
    with orders, orders.makefile("rb") as lines:
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            child = os.fork()
            if not child:
                return order
            _, status = os.waitpid(child, 0)
            orders.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    sys.exit()


def become(order: dict[str, Any]) -> None:
    """Be the process that was ordered."""
    signal.alarm(LONGEST_S)  # ends a process that does not end
    for fd, path in enumerate(order["files"]):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT if fd else os.O_RDONLY, 0o600)
        os.dup2(opened, fd)
        os.close(opened)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = order["arguments"]


def import_subcommands() -> None:
    """The command itself imports only the one that it is asked for."""
    context = click.Context(command)
    for name in command.list_commands(context):
        command.get_command(context, name)


if __name__ == "__main__":
    import_subcommands()
    become(take_orders(socket.socket(fileno=int(sys.argv[1]))))
    main()
