"""QuickJS's code, and its structures in guest memory, whose places set-up finds.

changes.py       which words a call changes
answering.py     adds a function that answers a request in one call
jobs.py          finds the list of jobs that promises have queued
rejections.py    finds rejected promises that nothing handles
interruption.py  makes a stopped handler say where it was
tight_strings.py lets short strings take little memory
"""
