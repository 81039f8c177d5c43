"""`tohost cleanup`: removes what a virtual cluster left that isn't configured any more.

`command` is the command line, `search` finds host objects and `proof` says which are that virtual
cluster's, `removal` removes them, `memory` forgets what Redis has of it, `report` tells people.
"""
