"""The `nexus` command: one file a subcommand.

main.py      the group, and how errors are shown
options.py   options that several subcommands share
serve.py     serve a folder of handlers
run.py       one request, context or command line through one module
compile.py   compile a module; write the metered one
inspect.py   what a module or folder holds, and what is wrong with it
prepare.py   compile what comes with Nexus
config.py    every setting and where it came from
"""

from nexus.cli.main import main

__all__ = ["main"]
