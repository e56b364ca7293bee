"""Handlers in JavaScript: an ES module in QuickJS-NG, itself a WebAssembly module.

abi.py          registers the language: its files, QuickJS as its runtime, set-up, guests
sources.py      which files a handler is made of
bundle.py       those files as one value, which travels to the compiler's child
runtime.py      where QuickJS comes from, and which of its functions are called
interpreter.py  those functions, as Python methods
setup.py        runs once per handler, in the compiler's child: what it leaves is the snapshot
version.py      part of a snapshot's key
files.py        the source files as a WASI folder, during set-up only
entry.py        where the host enters a snapshot
guest.py        `JsGuest`: a task in, its result out
image.py        a guest that waits, as bytes
bridge.py       what JavaScript may ask of the host: descriptors with Python behind them
bootstrap.js    joins both sides
web/            the web API by standard, called the prelude where it is one script
request.py      a request's head as the prelude takes it
response.py     what a handler answered
outcome.py      what a handler came to, as bootstrap.js reports it
errors.py       JavaScript errors: read from a guest, and told to people
"""
