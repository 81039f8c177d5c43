"""What the storm makes of each kind, and how it changes it: pure functions of chance.

A file for each theme; `ALL` has every template by plural.
"""

from tests.chaos.templates import config, custom, network, pods, policy, storage
from tests.chaos.templates.template import Template

ALL: dict[str, Template] = {
    template.plural: template
    for theme in (config, pods, network, storage, policy, custom)
    for template in theme.TEMPLATES
}

__all__ = ["ALL", "Template"]
