"""File systems that guests see: real folders, folders in memory, and trees of both.

No path of the host reaches a guest. Each step of a path looks up one name in one open folder, and
links are followed here, never by the kernel, so neither `..` nor a link nor a race leads out.

nodes.py     the interface of files, folders and links
walk.py      follows a path from a folder, and never leaves that folder
real.py      folders of the host's file system
real_files.py  files there
memory_files.py  files in memory, and their limited space
memory.py    a writable folder in memory, of a limited size
fixed.py     a read-only folder of bytes in memory
tree.py      a read-only folder that shows other folders under names of its own
assets.py    files as answers to HTTP requests
mounts.py    the root folder of a handler's guest, by its manifest
"""
