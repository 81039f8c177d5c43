"""`tohost doctor`: looks at Redis and all clusters for what keeps objects from being synced.

It changes nothing. Each check is a function in a file of its own; `examination` calls them.
"""
