"""Services of every type."""

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.strategies import Strategy, merged, metadata, optional


def services() -> Strategy[Obj]:
    port = st.fixed_dictionaries(
        {"port": st.integers(1, 3), "protocol": st.sampled_from(["TCP", "UDP"])},
        optional={"nodePort": st.integers(30000, 30005), "targetPort": st.just("http")},
    )
    plain = st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"])
    ports = st.lists(port, max_size=2, unique_by=lambda each: (each["port"], each["protocol"]))
    named = ports.map(lambda found: [{**p, "name": f"p{n}"} for n, p in enumerate(found)])
    addressed = st.fixed_dictionaries(
        {"type": plain, "clusterIP": st.just("10.0.0.1"), "clusterIPs": st.just(["10.0.0.1"])}
    )
    headless = st.just({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]})
    external = st.fixed_dictionaries(
        {
            "type": st.just("ExternalName"),
            "externalName": st.sampled_from(
                ["x.y", "one.b.svc", "one.b.svc.cluster.local.", "p-0.one.b.svc.else.where"]
            ),
        }
    )
    more = optional(
        selector=st.dictionaries(st.sampled_from(["app", "release"]), st.just("a"), max_size=2),
        sessionAffinity=st.sampled_from(["None", "ClientIP"]),
        externalIPs=st.lists(st.sampled_from(["192.0.2.7", "192.0.2.8"]), max_size=2, unique=True),
        loadBalancerSourceRanges=st.just(["10.0.0.0/8"]),
        healthCheckNodePort=st.just(30009),
        ipFamilies=st.just(["IPv4"]),
    )
    spec = merged(
        st.one_of(addressed, headless, external), st.fixed_dictionaries({"ports": named}), more
    )
    return st.fixed_dictionaries({"metadata": metadata(), "spec": spec})


OBJECTS = services()
STATUSES = optional(
    loadBalancer=optional(ingress=st.just([{"ip": "203.0.113.9", "ipMode": "VIP"}]))
)
