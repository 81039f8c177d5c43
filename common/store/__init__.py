"""The object store in Redis: objects, how their streams stand, and whose they are."""

from common.store.change import Change, Mode, ended_uid, is_tombstone, seen_end
from common.store.objects import Store
from common.store.streams import Standing, complete_until
from common.store.text import text

__all__ = [
    "Change",
    "Mode",
    "Standing",
    "Store",
    "complete_until",
    "ended_uid",
    "is_tombstone",
    "seen_end",
    "text",
]
