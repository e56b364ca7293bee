"""A connection's socket, as gunicorn and applications see it. It never blocks by itself.

connection.py    the socket: sends and receives through the two halves
incoming.py      its receiving half: reads ahead of gunicorn's parser
outgoing.py      its sending half: keeps what the client does not take
channel.py       sends an answer before its run ends
arrival.py       finds out whether a request has arrived in full
parser.py        gunicorn's parser: waits for no head, closes after a body that nobody read
thread_waits.py  how a thread waits where it must: in large bodies and streams
tls.py           contexts for TLS
"""
