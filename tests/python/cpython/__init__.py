"""CPython's own tests, inside the guest: `python -m tests.python.cpython`.

__main__.py   the command
suite.py      runs each test in a request of its own
expected.txt  what passes, and which tests do not and why
"""
