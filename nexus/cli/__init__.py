"""The `nexus` command: a file for each subcommand, and shared parts.

main.py             the command group, and the output of errors
options.py          options that several subcommands share
request.py          a request given by options
output.py           prints results
serve.py            serve a folder of handlers
run.py              one request, context or command line through one module
compile.py          compile a module; write the metered one
inspect.py          the handlers in a module or folder, and their problems
prepare.py          compile the language runtimes, so that the first start is quick
config.py           every setting and its origin
sizing_report.py    `nexus config --sizing`: each number with its reason
vendor.py           puts a Python handler's packages beside it
plugins/            the plugins: what each adds, which cannot be used; a new one
capacity.py         pods for a load, by CPU profile
capacity_plan.py    turns the options of `capacity` into profiles, a trace and a cost
capacity_output.py  prints the table of `capacity`, for people and for machines
capacity_chart.py   draws the chart of `capacity`
measure.py          measures the CPU of one request
"""

from nexus.cli.main import main

__all__ = ["main"]
