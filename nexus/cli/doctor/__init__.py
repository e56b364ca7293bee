"""`nexus doctor`: checks this machine and the settings.

command.py   the subcommand: prints each finding, and its cure
finding.py   what one check found
runs.py      what runs guests: Python, engine, compiler, languages, plugins
machine.py   the machine: pagemap, cgroup, descriptors
folders.py   handlers folder, cache, temporary folder
store.py     the store of deployed versions
network.py   addresses, and the token of the runtime API
"""
