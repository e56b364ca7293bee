"""`nexus new`: a first handler, its manifest and its test.

command.py  the subcommand: where the files go, and what to do next
files.py    the files of each language
"""
