"""All that is gunicorn's: its worker, its connections, its settings.

worker.py      the worker: instances warm on its threads, an orderly drain
kept_alive.py  serves kept-alive connections in order of arrival, on one thread while that works
connection.py  a connection's socket that makes few system calls
closing.py     closes connections without waiting for their clients
settings.py    gunicorn's configuration from Nexus's settings
prepared.py    plugins and settings that the master loaded, for its workers
master.py      becomes gunicorn's master in this process
address.py     whether the server can listen where it must
fields.py      header fields that occur several times
log.py         gunicorn's own messages in our log
run_folder.py  the folder that a master and its workers share
"""
