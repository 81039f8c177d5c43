"""What a client asks and what it is answered, as values: request, selectors, bodies, reply.

Not HTTP itself, which is in `server`, and not what a request does, which is in `verbs`.
"""
