"""Deployed versions of handlers: uploaded, checked, kept, and served in the place of files.

A store has one record for each handler, with all its versions, and blobs with their files. A record
changes as a whole or not at all, so whatever dies in between leaves the old versions or the new.

versions.py  `Versions`: deploys, activates and deletes, and makes workers serve the result
ledger.py    changes of a record: ids, quotas, history, and two writers at once
record.py    a handler's record, as JSON
share.py     the part of the requests that a version takes over
upload.py    an uploaded version, laid out like the handlers folder
unpack.py    a version's files on this machine's disk
follower.py  notices what other workers and pods have deployed
deployed.py  what a handler's deployed versions are for the worker that serves them
tokens.py    tokens with scopes, for the runtime API
store.py     the protocol of a store
sqlite.py    the store in a file of `state_dir`
stores/      stores that servers on several machines share
"""
