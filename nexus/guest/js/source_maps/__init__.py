"""Source maps: stacks in logs and errors name the files that a bundle was made from.

separate.py  takes the maps of a handler's files apart from the files
decode.py    reads one map (ECMA-426, version 3)
places.py    the maps of all files, as bytes in a snapshot; translates places in a text
"""
