"""Handlers in Python: CPython for WASI, itself a WebAssembly module (fact 29).

abi.py      registers the language: its files, CPython as its runtime, set-up, guests
runtime.py  where CPython comes from
sources.py  which files a handler is made of
setup.py    runs once per handler, in the compiler's child: CPython starts, loads it and parks
guest.py    `PythonGuest`: a task in, its result out
layout.py   where things are in a Python object
boot/       what runs in the guest, in Python
"""
