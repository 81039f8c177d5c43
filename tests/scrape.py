"""What /metrics says, read as Prometheus reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import aiohttp
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Scrape:
    """`families` by name; counters lack their `_total`."""

    families: Mapping[str, Metric]

    def value(self, name: str, **labels: str) -> float | None:
        """Of the one sample that has just these labels."""
        for sample_name, found, value in self.samples():
            if sample_name == name and found == labels:
                return value
        return None

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples that have these labels among theirs."""
        return sum(
            value
            for sample_name, found, value in self.samples()
            if sample_name == name and labels.items() <= found.items()
        )

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        for family in self.families.values():
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value


def parsed(text: str) -> Scrape:
    return Scrape({family.name: family for family in text_string_to_metric_families(text)})


def collected(collector: Collector) -> Scrape:
    """What a collector by itself would add to a page."""
    registry = CollectorRegistry()
    registry.register(collector)
    return parsed(generate_latest(registry).decode())


async def scrape(port: int) -> Scrape:
    """Raises AssertionError while nobody answers there."""
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200
            return parsed(await response.text())
    except aiohttp.ClientConnectionError as error:
        raise AssertionError(str(error)) from error
