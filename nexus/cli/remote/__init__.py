"""Subcommands that ask a running server.

server.py   the server's address, the token, requests and events
logs.py     `nexus logs`: the log of all workers, also as it comes
top.py      `nexus top`: rates, times, CPU and errors of each handler, live
"""
