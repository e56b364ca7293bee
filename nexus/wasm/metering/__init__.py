"""Inserts checks and charges into function bodies.

code.py        the code section: reads all bodies, then writes them
body.py        reads one body at a time
control.py     the blocks around the code being read
draft.py       a body that was read, with open places for our code
patch.py       a copy of a piece of code with changes
meter.py       the code inserted into guests
costs.py       the cost of each instruction
bulk.py        the additional cost of bulk instructions
charges.py     the charges of a body: where, and how much
innermost.py   finds out whether the innermost loop counts, while a body is read
spills.py      saves locals around the rare call that refills
hints.py       tells compilers which branches are unlikely
counted.py     loops charged for many rounds at once
loop_shape.py  recognises loops that count
call_graph.py  decides which functions must count their depth
entries.py     the code at functions' entries and calls
inlining.py    copies a small recursive function into itself
"""
