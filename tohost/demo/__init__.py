"""`tohost demo`: the whole pipeline on one machine, with an application that comes alive.

Everything is real but the clusters: Redis, two watchers and two workers are processes, and the
two API servers with their kubelet are the sandbox's, in a process of their own.
"""
