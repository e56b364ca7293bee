"""The web API of JavaScript handlers, one folder per standard.

webidl/      names on the global object, and conversion of arguments (Web IDL)
encoding/    TextEncoder and TextDecoder, and their streams (Encoding)
html/        clock, timers, structured clone (HTML, High Resolution Time)
crypto/      random numbers; in keys/, SubtleCrypto (Web Cryptography)
dom/         events and AbortSignal (DOM)
console/     the console, and how it shows values (Console)
streams/     ReadableStream, WritableStream, TransformStream (Streams)
compression/ CompressionStream, DecompressionStream (Compression Streams)
file/        Blob and File (File API)
url/         URL and URLSearchParams (URL)
fetch/       Headers, Request, Response, FormData (Fetch, XMLHttpRequest)
intl/        Intl, and the language's functions that depend on a locale (ECMA-402)
workers/     the event fetch (Service Workers)
nexus/       runs a request or a JSON context: input from the host, result back to it
source.py    joins all files to one script, in load order
parts.py     what is loaded at its first use, and when set-up loads it
"""
