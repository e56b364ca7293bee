"""The binary format (core specification, chapter 5).

leb128.py        LEB128 integers
reader.py        a cursor over part of a binary that never leaves it
sections.py      splits a binary into sections and joins them again
types.py         value types and function types
limits.py        limits of memories and tables, as declared and as clamped
opcodes.py       which immediates follow each opcode
immediates.py    skips over immediates
misc.py          the instructions behind 0xFC
instructions.py  walks over code that has been read before
constants.py     constant expressions
layout.py        a module's index spaces, and where our additions lie in them
names.py         the names a rewritten module and its host agree on
name_section.py  functions by the names that the name section gives them
"""
