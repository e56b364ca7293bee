"""QuickJS's structures in guest memory: reads and changes fields, whose places set-up finds.

changes.py       which words a call changes
rejections.py    finds rejected promises that nothing handles
interruption.py  makes a stopped handler say where it was
tight_strings.py lets short strings take little memory
"""
