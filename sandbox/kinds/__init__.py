"""What is known of the kinds: which are served, their fields, what is filled in and refused.

Each module looks at one object and its predecessor at most. What depends on other objects is in
`state` and `verbs`.
"""
