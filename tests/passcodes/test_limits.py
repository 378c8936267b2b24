"""R17 as a table: what strangers and known browsers may ask for and try, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from passcodes import limits, operations
from passcodes.models import Challenge
from passcodes.operations import RightCode
from passcodes.rules import Pool
from tenants.addresses import Address, canonical
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, Budget, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.passcodes.stories import (
    NICOLE,
    SOURCE,
    code_of,
    evaluated,
    fail,
    fresh,
    issue,
    pass_time,
    refused,
    request,
    row,
    try_code,
    use,
    wrong_code,
)

HOUR, DAY, WINDOW = timedelta(hours=1), timedelta(hours=24), timedelta(minutes=10)
SOON = timedelta(seconds=30)


def somebody(number: int) -> Address:
    return canonical(f"guest{number}@firstupconsultants.com")


def a_source(number: int) -> str:
    return f"198.51.100.{number}"


def granted(times: int, *addresses: Address, **others) -> int:
    """How many of so many requests got a code."""
    asked = [request(address, **others) for _ in range(times) for address in addresses or (NICOLE,)]
    return sum(isinstance(answer, Challenge) for answer in asked)


def ends_in(refusal: object, wait: timedelta) -> bool:
    """Whether the refusal tells the end of a window that began a moment ago."""
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.WAIT
    assert refusal.until is not None
    return -SOON < refusal.until - datetime.now(UTC) - wait < SOON


@pytest.mark.usefixtures("in_fabrikam")
class TestSends:
    """Mails for one address."""

    def test_R17_it_gives_strangers_five_in_an_hour(self):
        assert granted(8, source=a_source(1)) == 5
        assert ends_in(request(source=a_source(2)), HOUR)

    def test_R17_it_gives_strangers_twelve_in_a_day(self):
        seen = []
        for _ in range(4):
            seen.append(granted(6))
            pass_time(HOUR)
        assert seen == [5, 5, 2, 0]
        assert ends_in(request(), DAY - 4 * HOUR)
        pass_time(DAY - 4 * HOUR)
        assert granted(6) == 5

    def test_R17_it_gives_the_known_pool_five_in_a_day_on_top(self):
        assert granted(6) == 5
        assert granted(6, pool=Pool.KNOWN) == 5
        assert ends_in(request(pool=Pool.KNOWN), HOUR)  # the strangers' hour ends before its own day
        pass_time(HOUR)
        assert granted(6, pool=Pool.KNOWN) == 5  # the strangers' next five, as its own are spent
        assert granted(1) == 0

    def test_R17_it_counts_a_mailbox_once_however_it_is_tagged_or_written(self):
        written = [
            "nicole@firstupconsultants.com",
            "NICOLE+a@FirstUpConsultants.com",
            "nicole+b@firstupconsultants.com",
        ]
        assert granted(2, *(canonical(text) for text in written)) == 5

    def test_R19_it_counts_decoys_like_others(self):
        assert granted(8, decoy=True) == 5
        assert ends_in(request(), HOUR)

    def test_R17_it_does_not_extend_a_wait_that_is_tried(self):
        granted(5)
        pass_time(HOUR / 2)
        until = {refused(request()).until for _ in range(5)}
        assert len(until) == 1
        pass_time(HOUR / 2)
        assert granted(1) == 1


def test_R17_it_gives_strangers_twenty_in_a_day_over_all_tenants(fabrikam: Tenant, contoso: Tenant):
    seen = []
    for tenant in (fabrikam, fabrikam, fabrikam, contoso, contoso):
        with tenant_scope(tenant.id):
            seen.append(granted(6))
            pass_time(HOUR)
    assert seen == [5, 5, 2, 5, 3]
    with tenant_scope(contoso.id):
        assert ends_in(request(), DAY - 5 * HOUR)
        assert granted(6, pool=Pool.KNOWN) == 5


@pytest.mark.usefixtures("in_fabrikam")
class TestTenantsMails:
    """Code mails of one tenant."""

    def test_R17_it_gives_a_tenant_so_many_mails_an_hour(self):
        mails: dict[str, Any] = {"tenant_mails_per_hour": 3}
        assert granted(1, *map(somebody, range(5)), **mails) == 3
        assert ends_in(request(**mails), HOUR)

    def test_R17_it_lets_the_known_pool_go_on_and_counts_it(self):
        mails: dict[str, Any] = {"tenant_mails_per_hour": 3}
        assert granted(1, *map(somebody, range(3)), pool=Pool.KNOWN, **mails) == 3
        assert granted(1, **mails) == 0
        assert granted(1, somebody(4), pool=Pool.KNOWN, **mails) == 1

    def test_R17_it_does_not_count_decoys_and_lets_them_wait_like_others(self):
        mails: dict[str, Any] = {"tenant_mails_per_hour": 3}
        assert granted(1, *map(somebody, range(6)), decoy=True, **mails) == 6
        assert granted(1, *map(somebody, range(6, 10)), **mails) == 3
        assert ends_in(request(somebody(11), decoy=True, **mails), HOUR)
        assert granted(1, somebody(12), decoy=True, pool=Pool.KNOWN, **mails) == 1


@pytest.mark.usefixtures("in_fabrikam")
class TestFailures:
    """Wrong codes for one address, over all codes, browsers and networks."""

    def test_R17_it_evaluates_ten_of_strangers_in_an_hour(self, fabrikam: Tenant):
        answers = fail(5, tenant_id=fabrikam.id) + fail(10, tenant_id=fabrikam.id, source=a_source(9))
        assert evaluated(answers) == 10
        assert ends_in(answers[-1], HOUR)

    def test_R17_it_evaluates_twenty_of_strangers_in_a_day(self, fabrikam: Tenant):
        seen = []
        for _ in range(3):
            seen.append(evaluated(fail(11, tenant_id=fabrikam.id)))
            pass_time(HOUR)
        assert seen == [10, 10, 0]
        assert ends_in(fail(1, tenant_id=fabrikam.id)[0], DAY - 3 * HOUR)
        pass_time(DAY - 3 * HOUR)
        assert evaluated(fail(11, tenant_id=fabrikam.id)) == 10

    def test_R17_it_evaluates_ten_of_the_known_pool_in_a_day(self, fabrikam: Tenant):
        fail(11, tenant_id=fabrikam.id)
        answers = fail(12, tenant_id=fabrikam.id, pool=Pool.KNOWN)
        assert evaluated(answers) == 10
        assert ends_in(answers[-1], DAY)

    def test_R17_it_keeps_the_try_when_the_budget_refuses_it(self, fabrikam: Tenant):
        fail(10, tenant_id=fabrikam.id)
        challenge = row(tenant_id=fabrikam.id)
        refusal = try_code(challenge, code_of(challenge))
        assert ends_in(refusal, HOUR)
        assert fresh(challenge).attempts == 0
        line = AuditEntry.objects.latest("id")
        assert (line.code, line.details["reason"]) == ("E-WAIT", "strangers' wrong codes in an hour")
        assert line.details["address"] == NICOLE.key

    def test_R17_it_counts_each_address_apart(self, fabrikam: Tenant):
        fail(10, tenant_id=fabrikam.id)
        assert evaluated(fail(3, tenant_id=fabrikam.id, address=somebody(1))) == 3
        assert evaluated(fail(3, tenant_id=fabrikam.id, address=canonical("nicole+a@firstupconsultants.com"))) == 3

    def test_R17_it_counts_decoys_tries_alike(self, fabrikam: Tenant):
        challenges = [row(tenant_id=fabrikam.id, is_decoy=True) for _ in range(3)]
        answers = [refused(try_code(one, wrong_code(one))) for one in challenges for _ in range(5)]
        assert sum(answer.code is Code.CODE for answer in answers) == 10


@pytest.mark.usefixtures("in_fabrikam")
class TestPause:
    """A hundred strangers' failures in a row."""

    @pytest.fixture
    def paused(self, fabrikam: Tenant) -> None:
        evaluated_in_all = 0
        while evaluated_in_all < 100:
            evaluated_in_all += evaluated(fail(10, tenant_id=fabrikam.id, source=a_source(evaluated_in_all // 10)))
            pass_time(13 * HOUR)
        pass_time(2 * DAY)
        assert evaluated_in_all == 100

    def test_R17_it_pauses_strangers_and_names_no_time(self, paused: None, fabrikam: Tenant):
        challenge = row(tenant_id=fabrikam.id)
        assert try_code(challenge, code_of(challenge)) == Refusal(Code.WAIT, until=None, reason=limits.PAUSE)
        pass_time(timedelta(days=365))
        assert evaluated(fail(1, tenant_id=fabrikam.id)) == 0

    def test_R17_it_lets_the_known_pool_in_and_that_ends_the_pause(self, paused: None, fabrikam: Tenant):
        challenge = row(tenant_id=fabrikam.id)
        right = try_code(challenge, code_of(challenge), pool=Pool.KNOWN)
        assert isinstance(right, RightCode)
        assert evaluated(fail(1, tenant_id=fabrikam.id)) == 0  # a right code alone is no sign-in
        assert use(right)
        assert evaluated(fail(1, tenant_id=fabrikam.id)) == 1

    def test_R17_it_is_lifted_by_an_administrator(self, paused: None, fabrikam: Tenant, now):
        operations.lift_pause(address_key=NICOLE.key, actor=SYSTEM, now=now)
        assert evaluated(fail(11, tenant_id=fabrikam.id)) == 10
        line = AuditEntry.objects.get(action="passcode.pause_lifted")
        assert line.details == {"address": NICOLE.key}

    def test_R17_it_does_not_pause_another_address(self, paused: None, fabrikam: Tenant):
        assert evaluated(fail(1, tenant_id=fabrikam.id, address=somebody(1))) == 1

    def test_R17_it_begins_anew_after_a_strangers_sign_in(self, fabrikam: Tenant):
        streak = limits.streak_key(tenant_id=fabrikam.id, address_key=NICOLE.key)
        fail(5, tenant_id=fabrikam.id)
        assert Budget.objects.get(key=streak).used == 5
        challenge = row(tenant_id=fabrikam.id)
        right = try_code(challenge, code_of(challenge))
        assert isinstance(right, RightCode)
        use(right)
        assert Budget.objects.get(key=streak).used == 0
        assert evaluated(fail(9, tenant_id=fabrikam.id)) == 5  # the hour goes on counting


@pytest.mark.usefixtures("in_fabrikam")
class TestSources:
    """What one network may do."""

    def test_R17_it_gives_a_network_twenty_mails_an_hour(self):
        assert granted(1, *map(somebody, range(25))) == 20
        assert ends_in(request(somebody(26)), HOUR)
        assert granted(1, somebody(27), source=a_source(1)) == 1

    def test_R17_it_gives_a_network_sixty_tries_in_ten_minutes(self, fabrikam: Tenant):
        for number in range(12):
            assert evaluated(fail(5, tenant_id=fabrikam.id, address=somebody(number))) == 5
        refused = fail(1, tenant_id=fabrikam.id, address=somebody(13))
        assert ends_in(refused[0], WINDOW)
        assert evaluated(fail(1, tenant_id=fabrikam.id, address=somebody(13), source=a_source(1))) == 1
        pass_time(WINDOW)
        assert evaluated(fail(1, tenant_id=fabrikam.id, address=somebody(14))) == 1

    def test_R17_it_counts_tries_of_dead_and_unknown_codes_too(self, fabrikam: Tenant):
        dead = row(tenant_id=fabrikam.id, attempts=5)
        answers = [refused(try_code(dead, "12345678")) for _ in range(61)]
        assert [answer.code for answer in answers] == [Code.CODE] * 60 + [Code.WAIT]

    @pytest.mark.parametrize(
        ("source", "neighbour", "shared"),
        [
            pytest.param("192.0.2.7", "192.0.2.8", False, id="R17-IPv4-by-address"),
            pytest.param("2001:db8:0:1::7", "2001:db8:0:1:ffff::8", True, id="R17-IPv6-by-64"),
            pytest.param("2001:db8:0:1::7", "2001:db8:0:2::7", False, id="R17-IPv6-next-network"),
            pytest.param("192.0.2.7", "192.0.2.7/32", True, id="R17-an-address-or-its-network-key"),
            pytest.param("2001:db8:0:1::7", "2001:db8:0:1::/64", True, id="R17-an-IPv6-network-key"),
        ],
    )
    def test_it_counts_networks(self, source, neighbour, shared, fabrikam: Tenant):
        assert granted(1, *map(somebody, range(20)), source=source) == 20
        assert granted(1, somebody(21), source=neighbour) == (0 if shared else 1)

    def test_R17_it_gives_trusted_ranges_ten_times_as_much(self, fabrikam: Tenant):
        (sends,) = limits.source_sends(
            tenant_id=fabrikam.id, pool=Pool.STRANGER, address_key="", source=SOURCE, trusted=True
        )
        (tries,) = limits.source_tries(
            tenant_id=fabrikam.id, pool=Pool.STRANGER, address_key="", source=SOURCE, trusted=True
        )
        assert (sends.allowed, sends.lasts, tries.allowed, tries.lasts) == (200, HOUR, 600, WINDOW)
        assert granted(1, *map(somebody, range(20))) == 20
        assert granted(1, *map(somebody, range(20, 45)), trusted_source=True) == 25
        assert granted(1, somebody(46)) == 0

    @pytest.mark.parametrize("written", ["192.0.2.7", "192.0.2.7/32"])
    def test_R17_it_leaves_exempt_ranges_alone(self, settings, written):
        settings.SOURCE_LIMITS_EXEMPT = (ip_network("192.0.2.0/24"),)
        assert granted(1, *map(somebody, range(25)), source=written) == 25
        assert granted(1, *map(somebody, range(25, 50)), source=a_source(1)) == 20

    def test_R17_it_counts_the_known_pool_of_a_network_apart(self):
        assert granted(1, *map(somebody, range(21))) == 20
        assert granted(1, somebody(1), pool=Pool.KNOWN) == 1


@pytest.mark.usefixtures("in_fabrikam")
def test_R17_it_lets_the_known_pool_in_after_a_stranger_spent_every_budget_there_is(fabrikam: Tenant):
    """B3, from the guest's own network."""
    mails: dict[str, Any] = {"tenant_mails_per_hour": 40}
    while granted(1, **mails):
        pass
    number = 0
    while granted(1, somebody(number), **mails):
        number += 1
    for number in range(40):
        request(somebody(100 + number), source=a_source(1 + number // 20), **mails)
    while evaluated(fail(1, tenant_id=fabrikam.id)):
        pass
    number = 0
    while evaluated(fail(1, tenant_id=fabrikam.id, address=somebody(number))):
        number += 1
    streak = limits.streak_key(tenant_id=fabrikam.id, address_key=NICOLE.key)
    Budget.objects.filter(key=streak).update(used=100)
    refusal = request(**mails)
    assert isinstance(refusal, Refusal)
    assert refusal.reason.split("; ") == [
        "mails to the address in an hour",
        "mails for one network in an hour",
        "the tenant's code mails in an hour",
    ]

    challenge = issue(pool=Pool.KNOWN, **mails)
    typo = try_code(challenge, wrong_code(challenge), pool=Pool.KNOWN)
    right = try_code(challenge, code_of(challenge), pool=Pool.KNOWN)
    assert isinstance(typo, Refusal)
    assert typo.code is Code.CODE
    assert isinstance(right, RightCode)
    assert use(right)
