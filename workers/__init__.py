"""Stateless processes that take keys, plan and write to the clusters."""
