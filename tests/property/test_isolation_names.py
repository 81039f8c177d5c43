"""Names crafted to collide: virtual clusters that the configuration lets live beside each other
never share a host name, unless it is cut."""

from collections.abc import Iterator
from itertools import combinations, product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.cluster import Cluster
from common.config.checks import duplicates
from common.config.model import Config
from common.naming import (
    MAX_LENGTH,
    host_name,
    host_name_cluster,
    managed_by,
    token_secret_name,
)

PIECES = st.sampled_from(["a", "b", "x", "-", "-x-", "h", "-sa-tokens", "vcluster-"])
WORDS = st.lists(PIECES, min_size=1, max_size=4).map(lambda each: f"a{''.join(each)}a")
NAMED = st.tuples(WORDS, WORDS)
FORMATS = st.sampled_from(["prefixed", "classic"])
CLUSTERS = st.builds(Cluster, WORDS, st.sampled_from(["h", "a-x-h"]), name_format=FORMATS)


def allowed(*clusters: Cluster) -> bool:
    """Whether a configuration may have them all."""
    entries = [
        {"name": each.name, "hostNamespace": each.host_namespace, "kubeconfig": f"/{number}"}
        for number, each in enumerate(clusters)
    ]
    return not list(duplicates(Config.model_validate({"virtualClusters": entries})))


def names_of(cluster: Cluster, namespace: str, name: str) -> Iterator[tuple[str, str]]:
    """Where what is called so can be on the host, as far as the name isn't cut."""
    for made in (host_name(cluster, namespace, name), token_secret_name(cluster, namespace, name)):
        if len(made) < MAX_LENGTH:
            yield cluster.host_namespace, made
    if len(made := host_name_cluster(cluster, name)) < MAX_LENGTH:
        yield "", made


@settings(max_examples=400)
@given(CLUSTERS, CLUSTERS, NAMED, NAMED)
def test_no_host_name_is_of_two_virtual_clusters(
    one: Cluster, other: Cluster, first: tuple[str, str], second: tuple[str, str]
) -> None:
    assume(allowed(one, other))
    assert not set(names_of(one, *first)) & set(names_of(other, *second))
    assert managed_by(one, namespaced=False) != managed_by(other, namespaced=False)


def test_short_names_of_all_forms_are_of_one_virtual_cluster() -> None:
    """All of them, also those that chance would hardly find."""
    texts = ["a", "b", "a-b", "a-x-b", "b-x-a", "a-sa-tokens", "sa-tokens", "a-x-h-x-b"]
    words = [*texts, "sa-tokens-a", "a-x-g-x-a"]
    for format_ in ("prefixed", "classic"):
        made = {
            (cluster.name, cluster.host_namespace): (
                cluster,
                {each for pair in product(words, words) for each in names_of(cluster, *pair)},
            )
            for cluster in (
                Cluster(name, place, name_format=format_) for name in texts for place in ("g", "h")
            )
        }
        for (one, ones), (other, others) in combinations(made.values(), 2):
            if ones & others:
                assert not allowed(one, other), ones & others
