"""Light processes that list and watch the clusters and publish what changed."""
