"""Some laws are about what Redis does, so they need a real one."""

from tests.integration.conftest import redis, redis_server

__all__ = ["redis", "redis_server"]
