"""Messages on their way up: made from host names they come back as if made from virtual ones, and
what mentions none of ours arrives as it was."""

from hypothesis import given
from hypothesis import strategies as st

from common.cluster import Cluster
from common.event.body import event_name
from common.event.message import Words, translate_message
from common.event.names import may_be_ours, possible_fields, virtual_names
from common.naming import hashed_host_name, host_name
from tests.property.strategies import CLUSTERS, NAME, NAMESPACE

# Between two names of a message there's always something that can't be part of a name.
GAPS = st.from_regex(r"[ \"'(),:;=]([A-Z][a-z]{0,6})?[ \"'(),;]", fullmatch=True)
PLAIN = st.one_of(st.text(max_size=80), st.text("abhvx-./_:\"'( )0=", max_size=80)).filter(
    lambda text: "-x-" not in text and "namespace" not in text.lower()
)
SHARED = CLUSTERS.filter(lambda cluster: cluster.namespaces is None)


@st.composite
def messages(draw: st.DrawFn, cluster: Cluster, namespace: str) -> tuple[str, str, Words]:
    """A message on the host, what it is in the virtual cluster, and what is known about it."""
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique=True))
    hosts = {}
    host_message = message = ""
    for name in names:
        named = draw(st.sampled_from([host_name, hashed_host_name]))
        host = named(cluster, namespace, name)
        hosts[host] = (namespace, name)
        gap, end = draw(GAPS), draw(st.sampled_from(["", ".", ", "]))
        before, virtual_before = draw(
            st.sampled_from([("", ""), (f"{cluster.host_namespace}/", f"{namespace}/")])
        )
        host_message += f"{gap}{before}{host}{end}"
        message += f"{gap}{virtual_before}{name}{end}"
    return host_message, message, Words(cluster, cluster.host_namespace, namespace, hosts)


@given(st.data(), SHARED, NAMESPACE)
def test_a_message_of_host_names_becomes_one_of_virtual_names(
    data: st.DataObject, cluster: Cluster, namespace: str
) -> None:
    host_message, message, words = data.draw(messages(cluster, namespace))
    assert translate_message(host_message, words) == message


@given(CLUSTERS, NAMESPACE, PLAIN)
def test_a_text_without_our_names_stays_as_it_is(
    cluster: Cluster, namespace: str, text: str
) -> None:
    assert translate_message(text, Words(cluster, cluster.host_namespace, namespace)) == text


@given(SHARED, NAMESPACE, NAME)
def test_a_plain_host_name_always_tells_its_object(
    cluster: Cluster, namespace: str, name: str
) -> None:
    host = host_name(cluster, namespace, name)
    assert may_be_ours(cluster, cluster.host_namespace, host)
    if host.endswith(f"-x-{namespace}-x-{cluster.name}"):
        assert (namespace, name) in virtual_names(cluster, host)
        assert f"{namespace}/{name}" in possible_fields(cluster, cluster.host_namespace, host)


@given(CLUSTERS, st.text(max_size=80))
def test_no_name_tells_an_object_that_would_be_called_otherwise(
    cluster: Cluster, host: str
) -> None:
    for namespace, name in virtual_names(cluster, host):
        assert host_name(cluster, namespace, name) == host


@given(NAME, NAME, NAME)
def test_events_are_named_as_events_may_be(event: str, host: str, virtual: str) -> None:
    for given_name in (event, f"{host}.17a3f0c2b1"):
        made = event_name(given_name, host, virtual)
        assert len(made) <= 253
        assert made == event_name(given_name, host, virtual)
        assert made.startswith(virtual[:200])
        assert not set(made[-1]) & set(".-")
