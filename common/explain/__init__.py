"""Why one object is as it is, and which objects there are: for `tohost explain` and the web page.

By what Redis knows; it only reads, and asks no cluster. Everything raises redis.RedisError.
"""

from common.explain.account import Explanation, Seen, State, explain
from common.explain.search import find

__all__ = ["Explanation", "Seen", "State", "explain", "find"]
