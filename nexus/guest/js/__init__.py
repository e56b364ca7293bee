"""Handlers in JavaScript: an ES module in QuickJS-NG, itself a WebAssembly module.

runtime         where QuickJS comes from, and which of its functions are called
interpreter     those functions, as Python methods
bundle          a handler's source files
setup           runs once per handler, in the compiler's child: what it leaves is the snapshot
files           the source files as a WASI folder, during set-up only
bridge          what JavaScript may ask of the host: descriptors with Python behind them
bootstrap.js    joins both sides; web/ is the web API, called the prelude where it is one script
entry           where the host enters a snapshot
script_guest    `ScriptGuest.perform`: a task in, its result out
guest           `JsGuest`: enters a snapshot by the names of QuickJS's functions
request, response, errors, outcome   what goes in and what comes out
"""
