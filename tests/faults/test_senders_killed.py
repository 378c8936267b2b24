"""Senders are killed, frozen and cut off while letters are asked for: each arrives, few of them twice.

The suite asks for a few dozen; `DRILL_MAILS=400 pytest tests/faults --log-cli-level=INFO` asks for as many as SAFETY
promises and prints what came of it.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from outbox.conversation import RENEWED_EVERY
from outbox.management.commands.relay import SENDERS
from outbox.models import State
from outbox.rules import HEAD_START
from tenants.models import Tenant
from tests.faults.drill import POOL, Drill, Outcome, answered, ground
from tests.outbox.sink import Does

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

log = logging.getLogger(__name__)

LONGEST = 17.0 + HEAD_START.total_seconds()
"""Seconds from the asking on: a letter falls due to the relay after its head start, and a killed sender costs its lease
and one look of another one more. (SAFETY B8)"""

HESITATES = 0.15
"""Seconds that the mail server thinks about a letter, so that a kill meets a sender at work."""


def asked_for(usual: int) -> int:
    return int(os.environ.get("DRILL_MAILS", usual))


def shown(what: str, outcome: Outcome) -> None:
    """The evidence of a drill: seen with --log-cli-level=INFO."""
    log.info(
        "%s: %d asked, %d lost, %d interrupted, %d doubled, median %.2f s, longest %.1f s",
        what,
        outcome.asked,
        outcome.lost,
        outcome.interrupted,
        outcome.doubled,
        outcome.median,
        outcome.longest,
    )


@pytest.fixture
def drill(fabrikam: Tenant) -> Iterator[Drill]:
    """Without a broker: nudges go nowhere."""
    with ground(fabrikam, broker=False) as drill:
        yield drill


@pytest.fixture
def drill_with_broker(fabrikam: Tenant) -> Iterator[Drill]:
    with ground(fabrikam, broker=True) as drill:
        yield drill


def test_B8_it_loses_no_letter_when_relays_are_killed_ten_times(drill: Drill) -> None:
    kills, count = 10, asked_for(60)
    relays = ["relay 1", "relay 2"]
    drill.sink.pause = HESITATES
    for name in relays:
        drill.relay(name)
    asking = drill.ask(count, pause=25 / count)
    drill.wait_for_first(within=30)
    for _ in range(kills):
        name = secrets.choice(relays)
        drill.kill_while_sending(name)
        drill.relay(name)
    answered(asking)
    drill.wait_until_settled(count, within=90)
    outcome = drill.outcome()
    shown(f"{kills} relays killed", outcome)
    assert (outcome.asked, outcome.lost, outcome.states) == (count, 0, {State.HANDED_OVER: count})
    assert outcome.doubled <= outcome.interrupted <= kills * SENDERS
    assert outcome.longest <= LONGEST


def test_B8_it_loses_no_letter_when_the_worker_is_killed_five_times(drill_with_broker: Drill) -> None:
    drill, kills, count = drill_with_broker, 5, asked_for(100)
    drill.sink.pause = HESITATES
    drill.worker("worker")
    drill.relay("relay")
    asking = drill.ask(count, pause=25 / count)
    drill.wait_for_first(within=30)
    for _ in range(kills):
        time.sleep(1)  # it works for a while, else the relay would send everything
        drill.kill_while_sending("worker")
        drill.worker("worker")
    answered(asking)
    drill.wait_until_settled(count, within=90)
    outcome = drill.outcome()
    shown(f"worker killed {kills} times", outcome)
    assert (outcome.asked, outcome.lost, outcome.states) == (count, 0, {State.HANDED_OVER: count})
    assert outcome.doubled <= outcome.interrupted <= kills * POOL
    assert outcome.longest <= LONGEST


def test_B9_it_sends_through_the_relay_while_the_broker_is_frozen(drill_with_broker: Drill) -> None:
    drill, count = drill_with_broker, asked_for(40)
    drill.relay("relay")
    os.kill(drill.children["valkey"].process.pid, signal.SIGSTOP)
    asking = drill.ask(count, pause=0.05)
    longest_asking = answered(asking)
    drill.wait_until_settled(count, within=60)
    outcome = drill.outcome()
    shown(f"broker frozen, the longest asking took {longest_asking} s", outcome)
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert longest_asking < 1
    assert outcome.longest <= 10


def test_B9_the_worker_goes_on_when_the_broker_dies_while_it_sends(drill_with_broker: Drill) -> None:
    drill = drill_with_broker
    drill.sink.pause = 2
    drill.worker("worker")
    answered(drill.ask(1, pause=0))
    drill.wait_until_leased()
    drill.children["valkey"].kill()  # one of the worker's processes waits for a task meanwhile
    time.sleep(1)
    drill.children["valkey"].start()
    drill.wait_until_settled(1, within=30)
    drill.wait_for_words("worker", "Connected to", times=2)
    drill.sink.pause = 0
    answered(drill.ask(1, pause=0))
    drill.wait_until_settled(2, within=30)
    assert not drill.children["worker"].has_ended()
    assert (drill.outcome().lost, drill.outcome().doubled) == (0, 0)


def test_B11_a_server_that_hangs_holds_up_no_other_letter(drill: Drill) -> None:
    drill.relay("relay")
    drill.sink.script = [Does.HANGS] * SENDERS
    answered(drill.ask(SENDERS, pause=0))
    ends_at = time.monotonic() + 30
    while drill.sink.connections < SENDERS:
        assert time.monotonic() < ends_at, "the relay did not take them up"
        time.sleep(0.05)
    answered(drill.ask(5, pause=0))
    drill.wait_until_settled(SENDERS + 5, within=60)
    outcome = drill.outcome()
    shown("all senders hang", outcome)
    assert (outcome.lost, outcome.interrupted, outcome.doubled) == (0, 0, 0)
    assert outcome.median <= 2 + HEAD_START.total_seconds() + RENEWED_EVERY
    assert outcome.longest <= 10 + 5 + HEAD_START.total_seconds()


def test_B11_it_delivers_through_a_server_that_hesitates_hangs_and_cuts_off(drill: Drill) -> None:
    count = asked_for(60)
    does = [Does.ASKS_TO_WAIT] * (count * 30 // 100) + [Does.HANGS] * (count * 5 // 100)
    does += [Does.TAKES_AND_HANGS_UP] * (-(-count * 2 // 100))
    does += [Does.TAKES] * (count - len(does))
    drill.sink.script = sorted(does, key=lambda _: secrets.randbits(32))
    for name in ("relay 1", "relay 2"):
        drill.relay(name)
    answered(drill.ask(count, pause=0.05))
    drill.wait_until_settled(count, within=120)
    outcome = drill.outcome()
    shown("server at its worst", outcome)
    assert (outcome.lost, outcome.states) == (0, {State.HANDED_OVER: count})
    assert outcome.doubled <= does.count(Does.TAKES_AND_HANGS_UP)
    assert outcome.longest <= 60


def cut_connections() -> None:
    """What a restarted database does to everybody else's connections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


def test_B10_the_relay_goes_on_after_its_connections_are_cut(drill: Drill) -> None:
    count = asked_for(40)
    drill.relay("relay")
    asking = drill.ask(count, pause=0.01)
    answered(asking)
    for _ in range(3):
        cut_connections()
        time.sleep(1)
    drill.wait_until_settled(count, within=60)
    outcome = drill.outcome()
    shown("connections cut three times", outcome)
    assert (outcome.lost, outcome.states) == (0, {State.HANDED_OVER: count})
    assert not drill.children["relay"].has_ended()


def test_B10_the_worker_goes_on_after_its_connections_are_cut(drill_with_broker: Drill) -> None:
    drill, batch = drill_with_broker, 10
    drill.worker("worker")
    for settled in (batch, 2 * batch, 3 * batch):
        answered(drill.ask(batch, pause=0.05))
        drill.wait_until_settled(settled, within=30)
        cut_connections()
    outcome = drill.outcome()
    shown("the worker's connections cut at rest", outcome)
    assert (outcome.lost, outcome.interrupted, outcome.doubled) == (0, 0, 0)


def test_B8_it_ends_in_time_and_in_order_when_told_to(drill: Drill) -> None:
    count = asked_for(40)
    drill.sink.pause = 0.2
    drill.relay("relay")
    answered(drill.ask(count, pause=0))
    drill.wait_for_first(within=30)
    relay = drill.children["relay"]
    relay.ask_to_stop()
    assert relay.process.wait(12) == 0
    assert State.LEASED not in drill.outcome().states
    drill.start("drained", "manage.py", "relay", "--once")
    assert drill.children["drained"].process.wait(60) == 0
    outcome = drill.outcome()
    assert (outcome.lost, outcome.doubled, outcome.states) == (0, 0, {State.HANDED_OVER: count})
