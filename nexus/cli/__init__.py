"""The `nexus` command: a file for each subcommand, and what they share.

main.py             the group, and how errors are shown
options.py          options that several subcommands share
request.py          a request given by options
output.py           how results are printed
serve.py            serve a folder of handlers
run.py              one request, context or command line through one module
compile.py          compile a module; write the metered one
inspect.py          what a module or folder holds, and what is wrong with it
prepare.py          compile the language runtimes, so that the first start need not
config.py           every setting and where it came from
sizing_report.py    `nexus config --sizing`: each number with its reason
plugins.py          which plugins there are, what each adds, which cannot be used
new_plugin.py       a package of a plugin to begin with
plugin_files.py     the files of that package
capacity.py         pods for a load, by CPU profile
capacity_plan.py    from its options to profiles, a trace and a cost
capacity_output.py  its table, for people and for machines
capacity_chart.py   its picture
measure.py          how much CPU one request of a handler costs
"""

from nexus.cli.main import main

__all__ = ["main"]
