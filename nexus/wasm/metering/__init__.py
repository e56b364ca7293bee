"""Puts checks and charges into function bodies.

code.py        the code section: bodies are read, then written with all known
body.py        reads one body at a time
control.py     the blocks around the code being read
draft.py       a body that was read, and where code of ours must still go
patch.py       a copy of a piece of code with changes
meter.py       the code that is put into guests
costs.py       what each instruction costs
bulk.py        what bulk instructions cost on top
charges.py     where a body is charged, and for how much
counted.py     loops that are charged for many rounds at once
loop_shape.py  finds out whether a loop counts
call_graph.py  which functions must count their depth
entries.py     what functions do when they are entered, and when they call
inlining.py    copies a small recursive function into itself
"""
