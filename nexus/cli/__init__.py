"""The `nexus` command: a file for each subcommand, and what they share.

main.py             the group, and how errors are shown
serve.py            serve a folder of handlers
run.py              send one request, context or command line through one module
compile.py          compile a module; write the metered one
inspect.py          say what a module or folder holds, and what is wrong with it
capacity.py         work out pods for a load
  capacity_plan.py    from options to profiles, a trace, a cost
  capacity_output.py  the table, for people and as JSON
  capacity_chart.py   the chart
  measure.py          what one request costs
prepare.py          compile what comes with Nexus
config.py           list every setting and where it came from
  sizing_report.py    `--sizing`: each derived number with its reason
plugins.py          list plugins, what each adds, and which cannot be used
new_plugin.py       write a package to begin with
  plugin_files.py     its files
options.py          options that several subcommands share
request.py          a request given by options
output.py           how results are printed
"""

from nexus.cli.main import main

__all__ = ["main"]
