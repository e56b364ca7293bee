"""What guests may ask of the host beyond their own ABI, under the capabilities of their manifest.

context.py   an execution's JSON context: state, args, scope
state.py     the state an execution sees: what it was given, under what it has written since
recorder.py  counts what an execution asks of others, and ends it where that is too much
services.py  the calls themselves, on Python values: one object an execution
status.py    how a call can end
imports.py   for WebAssembly guests: functions of the import module `nexus` (docs/abi.md)
messages.py  for JavaScript: the same calls as messages
"""
