"""Turns a handler's files into what its instances are made from: in a child process, with a cache.

compiler.py      `Compiler`: compiles handlers, or takes them from the cache
job.py           one handler's compilation
tiers.py         two compilers for one engine: the quick one serves until the better one is done
process.py       the child process, from the parent's side
orders.py        the orders for the child
child.py         the child: compiles a metered module, or makes a language runtime load a handler
fork_servers.py  children that prepare handlers, forked from a process that has loaded the runtime
fork_server.py   that process
prepare.py       the loading
assemble.py      reads the text format; writes the metered module, for people
artifact.py      the format of an artifact file
base.py          what the snapshots of one language runtime share
bases.py         finds it, in the cache and in this process
cache.py         artifact files by key; workers share each compilation
shared.py        signed artifacts that pods take from the store of versions
eviction.py      deletes the least recently used files
"""
