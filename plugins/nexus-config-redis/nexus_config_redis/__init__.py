"""Settings for Nexus from a hash in Redis: `Options` in `options`, `RedisSource` in `source`.

Nothing is imported here: redis-py takes 0.1 s, which no start without a server is to wait for.
"""
