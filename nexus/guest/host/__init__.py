"""What guests may ask of the host beyond their own ABI, under the capabilities of their manifest.

context     an execution's JSON context: state, args, scope
status      how a call can end
services    the calls themselves, on Python values: one object an execution
imports     for WebAssembly guests: functions of the import module `nexus` (docs/abi.md)
messages    for JavaScript: the same calls as messages
"""
