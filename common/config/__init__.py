"""The configuration: `tohost.yaml`, vCluster values files and environment variables.

`load` is the only way in; it raises ConfigError with one line for each problem.
"""

from common.config.loading import DEFAULT_PATHS, load
from common.config.model import Config, Host, Networking, VirtualCluster

__all__ = ["load", "Config", "VirtualCluster", "Host", "Networking", "DEFAULT_PATHS"]
