"""Settings for Nexus from a hash in Redis.

`options` reads the environment, `source` reads the hash, `watch` notices its changes. redis-py is
only imported if a server is named: that takes 0.1 s.
"""
