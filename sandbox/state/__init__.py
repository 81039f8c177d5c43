"""What one API server knows: its objects and their history, Service addresses, custom types.

It hands out versions and addresses, but answers no request: that is the business of `verbs`.
"""
