"""Fields in QuickJS's structures, whose places set-up finds in guest memory.

changes.py       which words a call changes
rejections.py    finds rejected promises that nothing handles
interruption.py  makes a stopped handler say where it was
"""
