"""The nudge never raises, whatever is wrong with the broker: the row is the truth (DESIGN 4; SAFETY B9)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tenants import queue
from tenants.queue import nudge
from tests.tenants.brokers import broker_at, published


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nosuch://broker", "redis://127.0.0.1:port/0"])
def test_B9_it_says_that_the_broker_did_not_take_it_and_is_silent_for_a_while(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with broker_at(url):
        for _ in range(3):
            nudge("outbox.tasks.deliver", tenant_id=uuid4(), row_id=uuid4())
        assert queue._quiet_until > 0
    assert len([one for one in caplog.records if "did not take a nudge" in one.getMessage()]) == 1


def test_it_names_the_tenant_in_the_header_and_the_row_in_the_body() -> None:
    tenant, row = uuid4(), uuid4()
    with broker_at("memory://"):
        nudge("a.task", tenant_id=tenant, row_id=row)
        (message,) = published()
    assert f'"tenant": "{tenant}"' in message
    assert str(row) in message.replace(f'"tenant": "{tenant}"', "")
