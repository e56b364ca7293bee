"""Handlers in JavaScript: an ES module in QuickJS-NG, itself a WebAssembly module.

abi.py          registers the language: files, runtime (QuickJS), set-up, guests
sources.py      finds the files of a handler
runtime.py      loads QuickJS and lists the functions that Nexus calls
interpreter.py  QuickJS's functions as Python methods
setup.py        runs once per handler, in the compiler's child, and leaves the snapshot
version.py      part of a snapshot's key
files.py        the source files as a WASI folder, during set-up only
typescript.py   blanks out the types of TypeScript
imports.py      explains an import that failed: file, line and remedy
structures/     QuickJS's structures in guest memory: rejected promises, jobs, interruption
entry.py        the addresses at which the host enters a snapshot
guest.py        `JsGuest`: a task in, its result out
answer.py       reads the response that bootstrap.js returns
settling.py     one task in a guest: jobs, timers and outbound requests, until it has a result
bridge.py       the host's services for JavaScript, as file descriptors
bootstrap.js    joins host and prelude
node/           modules of Node: buffer, events, path ...
web/            the web API, one folder per standard; joined to one script, the prelude
legacy_text.py  TextDecoder's other encodings, on the host
legacy_pairs.py of these, those with characters of several bytes
compression.py  CompressionStream and DecompressionStream, on the host
intl/           Intl, on the host
webcrypto/      Web Crypto's mathematics, on the host
outcome.py      reads the state that bootstrap.js reports: a value, an error or a wait
source_maps/    stacks in terms of the files that a bundle was made from
errors.py       JavaScript errors: reads them from a guest, formats them for people
"""
