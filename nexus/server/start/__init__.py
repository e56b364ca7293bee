"""What the server's master does before it forks workers, and what it leaves for them.

master.py             becomes gunicorn's master in this process
settings.py           gunicorn's configuration from Nexus's settings
prepared.py           plugins and settings that the master loaded, for its workers
address.py            whether the server can listen where it must
management_socket.py  the management port's socket, inherited by workers and new masters
routes.py             what the server answers at, said at its start
run_folder.py         the folder that workers and master share
"""
