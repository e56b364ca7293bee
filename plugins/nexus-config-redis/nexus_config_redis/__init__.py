"""Settings for Nexus from a hash in Redis."""

from nexus_config_redis.options import Options
from nexus_config_redis.source import RedisSource

__all__ = ["Options", "RedisSource"]
