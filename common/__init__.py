"""What watchers, workers and the sandbox share: names, kinds, the store and the workqueue.

Nothing here imports `watchers`, `workers` or `sandbox`.
"""
