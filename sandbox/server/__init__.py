"""The API server seen from outside: HTTP, routes, watches on the wire, discovery, identity.

The only room that knows sockets. What happens to objects is decided in `verbs`.
"""
