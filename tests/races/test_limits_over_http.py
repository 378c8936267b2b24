"""Limits at the real web server: browsers behind one NAT, a dead code, and mails for one mailbox (R17).

Each test says in the log what it counted.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db.models import F

from applications.models import Application
from applications.operations import add_application, mark_first_party
from guests.models import SignInFlow
from guests.operations.inviting import Details, Invited, invite_guest
from outbox.models import OutboundMail
from passcodes.codes import code_of
from passcodes.models import Challenge
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.models import AuditEntry, Budget, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.journeys.conftest import ADELE
from tests.races.web import Tab, serving

NAT = "203.0.113.7"
NICOLE, CLEO = "nicole@firstupconsultants.com", "cleo@adatum.example"

pytestmark = pytest.mark.django_db(transaction=True)
log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def origin(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real web server, which reads the client's address as a proxy in front of it writes it."""
    with serving(tmp_path_factory.mktemp("web"), TRUSTED_PROXIES="1", SOURCE_LIMITS_EXEMPT="") as found:
        yield found


def tab_behind(origin: str, source: str = NAT) -> Tab:
    tab = Tab(origin)
    tab.client.headers["X-Forwarded-For"] = source
    return tab


def link_of(tenant: Tenant, address: str) -> str:
    with tenant_scope(tenant.id):
        invited = invite_guest(
            tenant=tenant,
            address=canonical(address),
            details=Details(),
            inviter=ADELE,
            actor=Actor(ActorKind.OPERATOR, "olga"),
            now=datetime.now(UTC),
        )
    assert isinstance(invited, Invited), invited
    return f"/{tenant.primary_domain}/redeem/{invited.link.rpartition('/')[2]}"


def at_the_code(tab: Tab, link: str) -> None:
    """From the invitation's link to Enter your code."""
    tab.open(link)
    sent = tab.press()
    assert sent.status_code == 302, sent.text
    tab.open(sent.headers["Location"])


def newest_code(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        return code_of(Challenge.objects.order_by("-created_at")[0])


def wrong(code: str, by: int) -> str:
    return f"{(int(code) + by) % 10**8:08d}"


def refuse_many(tab: Tab, code: str, times: int) -> list[httpx.Response]:
    """So many wrong codes on the tab's page, of which five are compared."""
    return [tab.press(code=wrong(code, by)) for by in range(1, times + 1)]


def test_R17_a_known_browser_uses_up_nobody_elses_tries_behind_its_nat(
    origin: str, fabrikam: Tenant, contoso: Tenant
) -> None:
    with closing(tab_behind(origin)) as cleos:
        at_the_code(cleos, link_of(contoso, CLEO))
        answers = Counter(answer.status_code for answer in refuse_many(cleos, newest_code(contoso), 61))
    assert answers == {422: 60, 429: 1}, "the network's tries for this guest are used up"
    came_in = {}
    for tenant, address in ((fabrikam, NICOLE), (contoso, NICOLE)):
        with closing(tab_behind(origin)) as tab:
            at_the_code(tab, link_of(tenant, address))
            came_in[tenant.name] = tab.press(code=newest_code(tenant)).status_code
    log.info("61 tries at one dead code: %s; two others behind the NAT afterwards: %s", dict(answers), came_in)
    assert came_in == {"Fabrikam": 302, "Contoso": 302}


def test_R17_a_known_browser_uses_up_nobody_elses_mails_behind_its_nat(
    origin: str, fabrikam: Tenant, contoso: Tenant
) -> None:
    """The mails of one network are 20 an hour: its guests' own mails come first in a mailbox's count, and end there."""
    with closing(tab_behind(origin)) as cleos:
        statuses: list[int] = []
        for guest in range(5):
            link = link_of(contoso, f"guest-{guest}@adatum.example")
            for _ in range(5):
                cleos.open(link)
                statuses.append(cleos.press().status_code)
    with closing(tab_behind(origin)) as tab:
        at_the_code(tab, link_of(fabrikam, NICOLE))
        answer = tab.press(code=newest_code(fabrikam)).status_code
    log.info("25 codes for 5 links behind one NAT: %s; another guest: %s", Counter(statuses), answer)
    assert Counter(statuses) == {302: 25}
    assert answer == 302


def test_R17_tries_at_a_dead_code_are_counted_and_every_reference_leads_to_a_line(
    origin: str, fabrikam: Tenant
) -> None:
    with closing(tab_behind(origin)) as tab:
        at_the_code(tab, link_of(fabrikam, NICOLE))
        answers = refuse_many(tab, newest_code(fabrikam), 100)
    shown = [found[1] for answer in answers if (found := re.search(r"<code>([0-9A-F-]{14})</code>", answer.text))]
    with tenant_scope(fabrikam.id):
        lines = Counter(AuditEntry.objects.filter(outcome="refused").values_list("action", flat=True))
        counted = AuditEntry.objects.filter(action="sign_in.refusals_counted").order_by("id")
        told = [one.details["reason"].rpartition(" ")[2] for one in counted]
        kept = set(AuditEntry.objects.filter(correlation__in=shown).values_list("correlation", flat=True))
    log.info("100 tries at one code: lines %s, counted %s, %s pages with %s references, %s of them in the history",
             dict(lines), told, len(shown), len(set(shown)), len(kept))  # fmt: skip
    assert lines["passcode.refused"] == 10, "five tries that were compared, and five lines about one address"
    assert told == ["1", "10"]
    assert len(shown) == 40, "the network's sixty tries are spent: pages that say so have a reference"
    assert kept == set(shown)


def test_R64_a_page_that_wrote_no_line_has_no_reference(origin: str, fabrikam: Tenant) -> None:
    with closing(tab_behind(origin)) as tab:
        for url in ("/nobody.example", f"/{fabrikam.primary_domain}/redeem/{'x' * 43}"):
            tab.open(url)
            assert tab.page.status_code in (404, 410)
            assert "give this reference" not in tab.page.text


@pytest.fixture
def meetings(db: None) -> Application:
    """The first-party application of a tenant without guests."""
    tenant = factories.tenant("Northwind", "northwind.example")
    actor, now = Actor(ActorKind.OPERATOR, "olga"), datetime.now(UTC)
    with tenant_scope(tenant.id):
        made: Any = add_application(
            tenant=tenant,
            name="Meetings",
            description="",
            url="https://meetings.northwind.example/",
            actor=actor,
            now=now,
        )
        assert mark_first_party(application_id=made.id, actor=actor, now=now)
    return made  # type: ignore[no-any-return]


def pass_time(tenant: Tenant, by: timedelta) -> None:
    with tenant_scope(tenant.id):
        Challenge.objects.update(**{at: F(at) - by for at in ("created_at", "sent_at", "code_since", "expires_at")})
        SignInFlow.objects.update(created_at=F("created_at") - by, expires_at=F("expires_at") - by)
    Budget.objects.update(ends_at=F("ends_at") - by)


def test_R17_a_mailbox_gets_twelve_mails_a_day_from_strangers_whatever_they_press(
    origin: str, fabrikam: Tenant, meetings: Application
) -> None:
    """Send it again on the page of an application without a tenant counts as the tenant's own page does (R37d)."""
    tagged = "NICOLE+trips@firstupconsultants.com"
    for address in (NICOLE, tagged):
        link_of(fabrikam, address)
    for hour in range(6):
        with closing(tab_behind(origin, f"198.51.100.{hour}")) as tab:
            for address in (NICOLE, tagged):
                tab.open(meetings.common_path)
                sent = tab.send("/sign-in", email=address, to=hidden(tab, "to"))
                for _ in range(3 if sent.status_code == 302 else 0):
                    pass_time(fabrikam, timedelta(minutes=3))
                    tab.send(f"{httpx.URL(sent.headers['Location']).path}/again")
            for address in (tagged.lower(), NICOLE.upper()):
                tab.send(f"/{fabrikam.primary_domain}/send-code", email=address)
        pass_time(fabrikam, timedelta(hours=1))
    with tenant_scope(fabrikam.id):
        # What may not leave is queued with a deadline that has passed, or belongs to a decoy.
        leaving = OutboundMail.objects.filter(kind="passcode", deadline_at__gt=F("created_at") + timedelta(seconds=5))
        real = Challenge.objects.filter(is_decoy=False).values("id")
        mails = leaving.filter(subject_id__in=real).count()
    log.info("Mails for one mailbox within a day: %s", mails)
    assert mails == 12


def hidden(tab: Tab, name: str) -> str:
    """The value of a field that the page's form carries."""
    found = re.search(rf'name="{name}" value="([^"]*)"', tab.page.text)
    assert found, tab.page.text
    return found[1]
