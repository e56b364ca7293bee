"""Modules of Node that people import without thinking, as far as a request can have them.

modules.py         their names and sources, and which globals a handler mentions
assert.js          node:assert
async_hooks.js     node:async_hooks: AsyncLocalStorage for one chain of calls
buffer.js          node:buffer
codecs.js          strings to bytes and back, in Buffer's encodings
crypto.js          node:crypto: hashes, HMACs, random values
equal.js           deep equality
events.js          node:events
internal.js        what these modules need of the host and of the prelude
numbers.js         Buffer's readInt16LE and its like
path.js            node:path
process.js         node:process
querystring.js     node:querystring
string_decoder.js  node:string_decoder
timers.js          node:timers
types.js           node:util/types
url.js             node:url
util.js            node:util
"""
