"""`make bench-fleet`: one deployment of watchers and workers beside many virtual clusters.

Each part is one file with `Sizes`, a `TITLE` and `run`, and can be run by its name:
`python -m benchmarks.fleet fairness`. What they play on is in `place` and `team`.
"""
