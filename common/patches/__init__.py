"""An operator's changes to what is synced, kind by kind: `sync.toHost.<kind>.patches`.

`common.patches.kind.patched` makes of a Kind one that obeys them; nothing else knows of patches.
"""
