from common.kinds.namespaces import without_identity
from common.safety.identity import identity_of


def test_the_digest_tells_clusters_apart_and_the_key_is_not_to_be_guessed_from_it() -> None:
    one, two = identity_of("uid-1"), identity_of("uid-2")
    assert one == identity_of("uid-1")
    assert one.digest != two.digest
    assert one.key != two.key
    assert one.key.hex() != one.digest


def test_the_key_is_not_printed() -> None:
    assert "key" not in repr(identity_of("uid-1"))


def test_only_kube_system_hides_its_uid() -> None:
    other = {"metadata": {"name": "default", "uid": "u"}}
    assert without_identity(other) == other
    system = {"metadata": {"name": "kube-system", "uid": "u", "labels": {}}}
    assert without_identity(system)["metadata"] == {"name": "kube-system", "uid": "", "labels": {}}
    assert system["metadata"]["uid"] == "u"
