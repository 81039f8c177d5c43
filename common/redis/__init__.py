"""Redis in each form that people run: one server, Sentinels, a Cluster; and its troubles."""
