"""Pure packages with their own tests, which pytest runs inside the guest.

suite.py      which packages, and how one's tests run
__main__.py   the command; see `make test-packages`
expected.txt  how many pass, which do not, and why
"""
