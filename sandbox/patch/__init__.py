"""From an object and a patch to the new object: merge, JSON and strategic merge patch, apply.

Validating and storing the outcome is the business of `verbs.update`.
"""
