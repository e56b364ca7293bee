"""Serves code execution and handlers as tools of the Model Context Protocol.

`command` is the console script `nexus-mcp`; `server` answers a client's calls, of the tools in
`tools`; `questions` turns suspended executions into forms for the client's user; `backend` is where
code runs: `embedded` in this process, `remote` in a running Nexus server; `printed` keeps what code
prints; `listen` serves HTTP.
"""
