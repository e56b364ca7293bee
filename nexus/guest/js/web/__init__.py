"""The web API of JavaScript handlers, one folder a standard, and its load order (`source.py`).

webidl/      names on the global object, and conversion of arguments (Web IDL)
encoding/    TextEncoder and TextDecoder (Encoding)
html/        clock, timers, structured clone (HTML, High Resolution Time)
crypto/      random numbers and SubtleCrypto (Web Cryptography)
dom/         events and AbortSignal (DOM)
console/     the console, and how it shows values (Console)
streams/     ReadableStream (Streams)
file/        Blob and File (File API)
url/         URL and URLSearchParams (URL)
fetch/       Headers, Request, Response, FormData (Fetch, XMLHttpRequest)
nexus/       a request and a JSON context, from what the host has to what it gets back
source.py    all of them as one script, in their order
"""
