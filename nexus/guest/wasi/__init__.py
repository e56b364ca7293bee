"""WASI preview 1 commands that speak CGI/1.1, or read a JSON context.

abi.py           registers the ABI: module files, recognition, guests
recognition.py   checks imports and exports
guest.py         `WasiGuest`: a task in, its result out
cgi_request.py   a request as CGI meta-variables and stdin
cgi_response.py  stdout as a response
streamed.py      stdout that leaves as it is written
context.py       stdout as a JSON value
"""
