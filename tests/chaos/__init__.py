"""Chaos: a storm of changes while everything fails, and a checker that says whether it was lost.

`python -m tests.chaos --seed N` runs it. What follows from the seed alone: `tenants` (the virtual
clusters and their settings), `plan` and `templates` (the storm), `nemesis` (the trouble). What does
it: `ground` and `servers` (API servers, Redis, proxies), `product` (tohost's processes), `storm`,
`strikes`, `run`. What judges: `checker`, `expected`, `upward`, `standins`, `queues`, `look`; these
import nothing of the product, and know its rules by themselves.
"""
