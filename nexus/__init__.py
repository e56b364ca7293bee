"""Run HTTP handlers you do not trust: WebAssembly inside a Python service."""
