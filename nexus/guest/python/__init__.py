"""Handlers in Python: CPython for WASI, itself a WebAssembly module (fact 29).

abi.py      registers the language: files, runtime (CPython), set-up, guests
runtime.py  loads CPython
library.py  the standard library of another build of CPython
sources.py  finds the files of a handler and of its packages
wheels.py   fetches packages with pip, for `nexus vendor`
zones.py    the time zones' files
setup.py    runs once per handler, in the compiler's child: starts CPython, loads the handler
guest.py    `PythonGuest`: a task in, its result out
answers.py  reads what the guest answers, and writes what a WSGI application gets
channel.py  stdin and stdout of a guest, and the calls of the host between
lasting.py  makes the objects of the snapshot immortal
layout.py   offsets in CPython's objects
boot/       Python code that runs in the guest
"""
