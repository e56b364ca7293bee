"""The `nexus` command: a file for each subcommand, and shared parts.

main.py           the command group, and the output of errors
options.py        options that several subcommands share
request.py        a request given by options
output.py         prints results
serve.py          serve a folder of handlers
dev.py            the same, for work on the handlers
run.py            one request, context or command line through one module
compile.py        compile a module; write the metered one
inspect.py        the handlers in a module or folder, and their problems
prepare.py        compile the language runtimes, so that the first start is quick
config.py         every setting and its origin
sizing_report.py  `nexus config --sizing`: each number with its reason
versions/         deploy to a running server; list versions, go back to one
new/              a first handler, its manifest and its test
doctor/           checks this machine and the settings: what is wrong, and the cure
remote/           asks a running server: its log, its figures
completion.py     completion of commands and options, for a shell
plugins/          the plugins: what each adds, which cannot be used; a new one
capacity/         pods for a load, by CPU profile
vendor.py         fetches the packages of a handler in Python
measure.py        measures the CPU of one request
"""

from nexus.cli.main import main

__all__ = ["main"]
