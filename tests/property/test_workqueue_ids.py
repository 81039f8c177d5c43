from hypothesis import given
from hypothesis import strategies as st
from rq.job import validate_job_id

from common.keys import Key
from common.workqueue import jobs

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
keys = st.builds(Key, cluster=text, plural=text, namespace=st.just("") | text, name=text)


@given(keys)
def test_a_job_id_reads_back_as_its_key(key: Key) -> None:
    assert jobs.key_of(jobs.job_id(key)) == key


@given(keys)
def test_rq_accepts_every_job_id(key: Key) -> None:
    validate_job_id(jobs.job_id(key))


@given(st.text())
def test_what_is_no_job_id_reads_as_no_key(text: str) -> None:
    key = jobs.key_of(text)
    assert key is None or jobs.job_id(key) == text


def test_a_job_id_is_readable() -> None:
    key = Key("my-vcluster", "configmaps", "kube-system", "kube-root-ca.crt")
    assert jobs.job_id(key) == "my-vcluster__configmaps__kube-system__kube-root-ca_2ecrt"
