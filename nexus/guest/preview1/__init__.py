"""WASI preview 1 as host functions, for guests of any ABI.

A guest has three pipes, no sockets, and the files that its operator gives it (`guest/files`).

signatures.py   every function's name and type; drives linking and recognition
link.py         wraps the implementations so that nothing ever raises through a guest
process.py      what the functions of one guest share: memory, descriptors, program, run
program.py      where arguments and environment come from (CGI, command line, context)
memory.py       guest memory: every access checked, no pointer trusted
descriptors.py  stdin, stdout, stderr, and the base class of other descriptors
opened.py       descriptors of open files and folders, and their rights
preopened.py    the folders that are open when a guest starts
fd_io.py        fd_read, fd_write
fd_status.py    fd_fdstat_*, fd_filestat_get, fd_close, fd_renumber
fd_files.py     the other functions on open files and folders: fd_seek, fd_readdir and so on
paths.py        path_open and the other functions on paths
sockets.py      sock_*, which fail
environment.py  args_get, environ_get and their sizes
clocks.py       clock_res_get, clock_time_get
poll.py         poll_oneoff
system.py       proc_exit, proc_raise, random_get, sched_yield
exit.py         the stop reason of a guest that called `proc_exit`
errno.py        error numbers
"""
