"""The calls that guests may make to the host beyond their own ABI, as their manifest allows.

context.py   an execution's JSON context: state, args, scope
state.py     the state an execution sees: the given values, overlaid with its own writes
recorder.py  records an execution's effects, and ends the execution if they exceed a limit
services.py  the calls themselves, on Python values; one object for each execution
status.py    the statuses a call can return
imports.py   for WebAssembly guests: functions of the import module `nexus` (docs/abi.md)
assets.py    answers JavaScript's env.ASSETS.fetch with the handler's files
framed.py    answers with a status and a length
messages.py  for JavaScript: the same calls as messages
arguments.py arguments and answers of those functions
key_value.py  key-value calls, as messages
key_value_imports.py  the same as functions of the module `nexus`
outbound.py  requests to other servers, as messages
outbound_imports.py  the same as functions of the module `nexus`
"""
