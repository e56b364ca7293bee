"""Commands that deploy versions to a running server, and look at them.

client.py    one request, and errors that say what to do
bundle.py    a handler's files, collected for an upload
deploy.py    `nexus deploy`
listing.py   `nexus versions` and `nexus rollback`
"""
