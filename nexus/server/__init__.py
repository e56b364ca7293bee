"""The part that runs in gunicorn: its worker, its settings, and connections from accept to close.

How a connection lives. The *main thread* is gunicorn's own loop; it waits for clients with one
poller and never for a request. The worker's *threads* get requests that have arrived.

    accept ─► handshake, head, body ─► a thread serves it ─► answer taken? ── no ──► rest sent by
              (main thread: Intake)     │        ▲            │ yes                  the main thread
                   ▲                    │        │            ▼                      (Answers)
                   │                    │   the leader ◄─ kept alive?  ── no ─► closed without
                   │                    ▼   (KeptAlive)       │ silent          waiting (Closing)
                   └─────── large body: threads read those, ──┘
                            but on half of them at once

A request that arrives in one piece on a connection kept alive costs one system call that waits, one
that reads and one that sends, all by the leader. Each wait for a client has an end (limits.py). If
requests and unread answers take more memory than they may, the slowest clients are cut off.

gunicorn's parser alone decides what a request is and where it ends; it gets every byte in order.

start/            what the master does before it forks workers
serving.py        what the workers of both servers do alike: make the app, drain on SIGTERM
worker.py         gunicorn's worker: joins the parts below
granian/          the worker that lets granian read and write HTTP
threads.py        its threads, counted: how many are busy, how many connections wait for one

connections.py    all connections as the main thread sees them
intake.py         waits for handshakes, heads and bodies; hands complete requests over
answers.py        sends the answers that clients did not take at once
closing.py        closes without losing the last answer
poller_waits.py   every wait of the main thread: its event, its end, the memory it holds
refusals.py       answers to requests that never come to the application

by_handler.py     requests that wait for a thread: the handlers take turns
kept_alive.py     the leader: serves connections that follow closely on one thread
handed_over.py    requests that are answered while their runs go on
silent.py         connections that wait for their next request meanwhile, and their epoll
looker.py         finds requests that are slow, so that another thread leads

sockets/          a connection's socket, as gunicorn and applications see it
limits.py         how long clients may take, how many there may be

fields.py         header fields that occur several times
log.py            gunicorn's messages in our log

`tests/server/test_gunicorn.py` checks each of gunicorn's internals that this package relies on;
setup.cfg bounds gunicorn's version.
"""
