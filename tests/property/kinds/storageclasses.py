"""StorageClasses whose parameters name Secrets, outright and by templates."""

from hypothesis import strategies as st

from tests.property.strategies import NAMESPACE, REFERENCE, merged, metadata, optional

_CSI = "csi.storage.k8s.io/provisioner-secret-"
_PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        f"{_CSI}name": REFERENCE | st.sampled_from(["${pvc.name}", "Not a name", "a-x-b-x-c"]),
        f"{_CSI}namespace": NAMESPACE | st.just("${pvc.namespace}"),
        "csi.storage.k8s.io/fstype": st.just("ext4"),
        "type": st.text(max_size=5),
    },
)
OBJECTS = merged(
    st.fixed_dictionaries(
        {"metadata": metadata(namespaced=False), "provisioner": st.sampled_from(["csi.a", "csi.b"])}
    ),
    optional(
        parameters=_PARAMETERS,
        reclaimPolicy=st.sampled_from(["Delete", "Retain"]),
        volumeBindingMode=st.sampled_from(["Immediate", "WaitForFirstConsumer"]),
        allowVolumeExpansion=st.booleans(),
        mountOptions=st.lists(st.sampled_from(["ro", "discard"]), max_size=2),
        allowedTopologies=st.lists(
            st.just({"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}), max_size=1
        ),
    ),
)
