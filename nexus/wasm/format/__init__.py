"""The binary format (core specification, chapter 5).

leb128.py        LEB128 integers
reader.py        a cursor over part of a binary that never leaves it
sections.py      splits a binary into sections and joins them again
types.py         value types and function types
limits.py        declared and clamped limits of memories and tables
opcodes.py       the immediates of each opcode
immediates.py    skips over immediates
misc.py          the instructions behind 0xFC
instructions.py  iterates over code that was read before
constants.py     constant expressions
layout.py        a module's index spaces, and our additions to them
names.py         the names shared by a rewritten module and its host
name_section.py  finds functions by their names in the name section
"""
