"""Assembles a metered module from a guest's module.

rewriter.py      section by section
declarations.py  imports, functions, tables, memories and globals
exports.py       exports and the start function
segments.py      element and data segments
"""
