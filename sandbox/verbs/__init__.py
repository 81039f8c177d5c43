"""What answers requests for objects: reading, watching, creation, update, deletion, subresources.

From a Request on the state to a Reply. Not HTTP, and not what the server tells about itself; both
are in `server`.
"""
