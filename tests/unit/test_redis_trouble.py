"""What is told of a Redis that can't be used, by what Redis 6.2 and 7 say through redis-py."""

import pytest
from redis import AuthenticationError, RedisError, ResponseError
from redis import ConnectionError as RedisConnectionError
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)
from redis.sentinel import MasterNotFoundError

from common.redis.cluster import ClusterUnusableError
from common.redis.trouble import Troubles, explain

IN_SCRIPT = "Error running script (call to f_1): @user_script:5: @user_script: 5: -{}"
NO_WRITES = "You can't write against a read only replica."
ERRORS = [
    (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "raise maxmemory"),
    (ResponseError(IN_SCRIPT.format("OOM command not allowed when used")), "raise maxmemory"),
    (ReadOnlyError(NO_WRITES), "must lead to the master"),
    (ResponseError(IN_SCRIPT.format(f"READONLY {NO_WRITES}")), "must lead to the master"),
    (RedisConnectionError("The previous master is now a slave"), "must lead to the master"),
    (ResponseError("NOREPLICAS Not enough good replicas to write."), "start its replicas"),
    (ResponseError("MISCONF Redis is configured to save RDB snapshots"), "wrong with the disk"),
    (BusyLoadingError("Redis is loading the dataset in memory"), "is loading its data"),
    (MasterNotFoundError("No master found for 'mymaster'"), "check the Sentinels"),
    (AuthenticationError("WRONGPASS invalid username-password pair"), "redis.passwordFile"),
    (AuthenticationError("/p can't be read: Permission denied"), "/p can't be read: Permission"),
    (NoPermissionError("this user has no permissions"), "may not do what is needed"),
    (RedisConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "redis.caFile"),
    (ClusterUnusableError("Cluster mode is not enabled on this node"), "write redis://"),
    (MovedError("1 127.0.0.1:7001"), "write redis+cluster://"),
    (ClusterDownError("The cluster is down"), "start its nodes"),
    (RedisConnectionError("Error 111 connecting to h:1."), "can't be reached (Error 111"),
    (ResponseError("ERR something new"), "Redis can't be used: ERR something new"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_an_error_is_told_with_what_to_do(error: RedisError, words: str) -> None:
    assert words in explain(error).words


def test_the_command_that_met_the_error_is_not_taken_for_the_cause() -> None:
    told = "Command # 1 (EVAL -- OOM, READONLY) of pipeline caused error: ERR something new"
    assert explain(ResponseError(told)).words == "Redis can't be used: ERR something new"


AWAY, FULL = RedisConnectionError("Error 111"), OutOfMemoryError("used memory > 'maxmemory'")


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level("INFO")
    return [f"{each.levelname} {vars(each)['msg']['event']}" for each in caplog.records]


def test_an_outage_is_told_once_however_many_meet_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    troubles = Troubles()
    for part in ("one", "two", "one"):
        troubles.met(part, AWAY)
    troubles.met("two", MasterNotFoundError("No master found"))
    assert logged(caplog) == ["ERROR Redis can't be used, syncing pauses"]
    assert "can't be reached" in troubles.words


def test_another_cause_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    troubles.met("one", AWAY)
    troubles.met("one", FULL)
    assert len(logged(caplog)) == 2
    assert "is full" in troubles.words


def test_it_is_over_when_it_is_for_every_part(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    troubles = Troubles()
    troubles.met("one", AWAY)
    troubles.met("two", AWAY)
    troubles.over("one")
    assert troubles.words
    assert troubles.besides("one")
    troubles.over("two")
    assert (troubles.words, troubles.besides("one")) == ("", False)
    assert logged(caplog)[-1] == "INFO Redis can be used again"
