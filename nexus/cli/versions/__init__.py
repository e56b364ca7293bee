"""Commands that deploy versions to a running server, and look at them.

bundle.py    a handler's files, collected for an upload
deploy.py    `nexus deploy`
token.py     `nexus token`
listing.py   `nexus versions` and `nexus rollback`
weights.py   `nexus weights`
"""
