"""`nexus plugins` and `nexus new-plugin`.

listing.py      the plugins: what each adds, and which would stop the start
trial.py        builds what the plugins add, to find out
new_plugin.py   writes the package of a new plugin
files.py        the files of that package
"""
