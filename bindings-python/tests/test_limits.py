"""Limits on how often operations may be tried."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone

import pytest
from conftest import NEW, OLD
from password_writeback import (
    ActiveDirectory,
    AuditEvent,
    CallerError,
    Identity,
    Limit,
    MockDirectory,
    RateLimits,
    WritebackError,
)

HOUR = timedelta(hours=1)


def test_the_limit_on_an_account_is_the_same_however_it_is_named(events: list[AuditEvent]) -> None:
    with MockDirectory(rate_limit=RateLimits(per_account=Limit(2, HOUR)), audit=events.append) as directory:
        guid = directory.add_user("alice", password=OLD)
        directory.check_password("alice", NEW)
        directory.check_password("alice@corp.example", NEW)
        with pytest.raises(CallerError) as caught:
            directory.reset_password(Identity.guid(guid), NEW)
        error = caught.value
        assert (error.code, error.outcome, directory.writes) == ("RATE_LIMITED", "not_applied", 0)
        assert error.retry_at == datetime(2026, 1, 1, 0, 30, tzinfo=timezone.utc)
        assert (events[-1].code, events[-1].target) == ("RATE_LIMITED", guid)
        assert "retry_at" in repr(error)
        for copy in (pickle.loads(pickle.dumps(error)), WritebackError.from_json(error.to_json())):
            assert copy.retry_at == error.retry_at
        directory.clock.set(error.retry_at)
        directory.reset_password("alice", NEW)


def test_the_limit_in_all_counts_reads() -> None:
    with MockDirectory(rate_limit=RateLimits(total=Limit(1, 60))) as directory:
        directory.add_user("alice", password=OLD)
        directory.find_account("alice")
        with pytest.raises(CallerError, match="in all") as caught:
            directory.find_account("alice")
        assert (caught.value.code, caught.value.account) == ("RATE_LIMITED", None)
        directory.clock.advance(60)
        directory.find_account("alice")


@pytest.mark.parametrize("limit", [Limit(0, 60), Limit(1, 0), Limit(1, -1.5), Limit(1, timedelta(days=367))])
def test_what_cannot_be_a_limit_is_refused(limit: Limit) -> None:
    with pytest.raises(CallerError, match=r"rate_limit\.total"):
        MockDirectory(rate_limit=RateLimits(total=limit))
    with pytest.raises(CallerError, match=r"rate_limit\.per_account"):
        ActiveDirectory(
            servers=["ldaps://dc1"], bind_user="svc", bind_password="x", rate_limit=RateLimits(per_account=limit)
        )
