"""Outbound HTTP: requests of handlers to servers that their manifests grant.

target.py      reads a request's URL
grants.py      reads the manifest's `http`, and decides which targets it allows
addresses.py   which addresses are public; all others need a grant of their own
resolver.py    the addresses of a name, each of them checked
proxy.py       the operator's proxy, which opens connections
connection.py  connections to checked addresses, for urllib3
pools.py       the open connections of one worker
headers.py     which header fields a guest may send, and which it gets
body.py        the body of an answer, at once or part by part
failures.py    why a request fails, in words for its guest
reading.py     reads an answer until its deadline, out of the way of others
exchange.py    one request and its redirects, on a thread of its own or its guest's
session.py     the requests of one execution, and how its guest waits for them
client.py      `OutboundClient`: what all executions of a worker share
"""
