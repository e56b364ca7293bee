"""From a handler's files to what an instance is made from, in a child process, by way of a cache.

compiler.py   `Compiler`: what is asked for, and what the cache has of it
tiers.py      two compilers for one engine: the quick one serves until the better one is through
process.py    the child process, from the parent's side
orders.py     what the child is asked
child.py      the child: meter and compile a module, or have a language runtime load a handler
prepare.py    the latter
assemble.py   the text format; the metered module to look at
artifact.py   what an artifact file holds
cache.py      artifact files by key, one compilation a key over all workers
eviction.py   which of them make way
"""
