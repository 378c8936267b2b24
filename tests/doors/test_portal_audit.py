"""R64: the log answers what administrators ask of it: who turned this off, why could they not get in on Tuesday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Guest
from tenants.deeds import DEEDS, GROUPS, actions_of
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.searching import MOST_READ, Search, count_to, first_id_since, newest
from tests.doors.portal import text
from tests.tenants.history import owner

pytestmark = pytest.mark.django_db

LOG = "/admin/tenants/auditentry/"
SIGN_INS = f"{LOG}sign-ins/"
NOW = datetime.now(UTC)

Write = Callable[..., AuditEntry]


@pytest.fixture
def write(fabrikam: Tenant) -> Write:
    """One line of Fabrikam's history, of any age."""

    def written(action: str, *, tenant: Tenant = fabrikam, ago: timedelta = timedelta(), **columns: Any) -> AuditEntry:
        known = {"actor_kind": "guest", "outcome": "success", "at": NOW - ago, "happened_at": NOW - ago}
        with tenant_scope(tenant.id):
            return AuditEntry.objects.create(tenant_id=tenant.id, action=action, **(known | columns))

    return written


@pytest.fixture
def story(write: Write) -> None:
    """Somebody turned passcodes off, and somebody could not get in."""
    write(
        "email_passcode.set",
        ago=timedelta(days=3),
        actor_kind="administrator",
        actor_name="Omar Said",
        source="198.51.100.4",
        correlation="B210-44E7-9A01",
        details={"before": "default", "after": "disabled"},
    )
    write(
        "sign_in.begun",
        ago=timedelta(days=2),
        actor_kind="stranger",
        source="203.0.113.80",
        correlation="7F3A-91C2-0D4E",
        outcome="refused",
        code="E-OTP-OFF",
        address="ines@contoso.example",
        details={"address": "ines@contoso.example", "reason": "Email one-time passcode is off."},
    )
    write("guest.signed_in", actor_name="nicole@firstupconsultants.com", source="203.0.113.81")


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("query", "finds", "hides"),
    [
        ("group=settings", "Turned email passcodes off", "Signed in"),
        ("action=email_passcode.set", "Omar Said", "Signed in"),
        ("q=ines@contoso.example", "Tried to sign in", "Turned email"),
        ("address=INES@contoso.example", "Tried to sign in", "Turned email"),
        ("q=7f3a91c20d4e", "Tried to sign in", "Turned email"),
        ("q=e-otp-off", "Tried to sign in", "Turned email"),
        ("outcome=refused", "Tried to sign in", "Signed in"),
        ("q=Omar", "Turned email passcodes off", "Signed in"),
        ("who=Omar+Said", "Turned email passcodes off", "Signed in"),
        ("q=203.0.113.", "Signed in", "Turned email"),
        ("source=198.51.100.4", "Turned email passcodes off", "Signed in"),
        ("q=email_passcode.", "Turned email passcodes off", "Signed in"),
        ("since={yesterday}", "Signed in", "Turned email"),
        ("until={yesterday}", "Turned email passcodes off", "Signed in"),
        ("on={two_days_ago}", "Tried to sign in", "Turned email"),
        ("group=sign-ins&outcome=refused&source=203.0.113.80&since={last_week}", "Tried to sign in", "Signed in"),
        ("who=Omar+Said&group=settings&outcome=success", "Turned email passcodes off", "Signed in"),
        ("reference=7F3A-91C2-0D4E&address=ines@contoso.example&code=E-OTP-OFF", "Tried to sign in", "Turned email"),
    ],
)
def test_R64_the_log_is_narrowed_by_what_a_person_knows(portal: Client, query: str, finds: str, hides: str) -> None:
    days = {"yesterday": 1, "two_days_ago": 2, "last_week": 7}
    filled = query.format(**{name: (NOW - timedelta(days=back)).date() for name, back in days.items()})
    rows = rows_of(portal.get(f"{LOG}?{filled}"))
    assert finds in rows
    assert hides not in rows


def rows_of(response: Any) -> str:
    """The list's rows, without the filters beside it."""
    assert response.status_code == 200
    return text(HttpResponse(response.content.partition(b"<tbody>")[2].partition(b"</tbody>")[0]))


@pytest.mark.usefixtures("story")
def test_J_a_refused_sign_in_names_its_reason_and_its_remedy(portal: Client) -> None:
    row = rows_of(portal.get(f"{LOG}?q=ines@contoso.example"))
    assert "E-OTP-OFF: Email one-time passcode is off. Turn them on, or reset the guest’s redemption status." in row


@pytest.mark.usefixtures("story")
def test_R64_the_sign_in_log_is_the_same_list_narrowed_to_sign_ins(portal: Client) -> None:
    rows = rows_of(portal.get(SIGN_INS))
    assert "Signed in" in rows
    assert "Tried to sign in" in rows
    assert "Turned email" not in rows
    assert "Turned email" not in text(portal.get(f"{SIGN_INS}?group=settings"))


def test_R64_an_address_finds_the_lines_about_its_guest_too(portal: Client, write: Write, nicole: Guest) -> None:
    write(
        "guest.blocked", actor_kind="administrator", actor_name="Omar Said", subject_kind="guest", subject_id=nicole.pk
    )
    write("guest.blocked", actor_kind="administrator", actor_name="Adele Vance", subject_id=UUID(int=1))
    rows = rows_of(portal.get(f"{LOG}?address=nicole@firstupconsultants.com"))
    assert "Invited a guest" in rows
    assert "Omar Said" in rows
    assert "Blocked sign-in Adele Vance" not in rows


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "address=%00",
        "who=%E2%80%AE",
        "who=" + "x" * 5000,
        "since=yesterday",
        "since=2026-02-31",
        "until=0001-01-01",
        "since=9999-12-31",
        "on=1e9",
        "code=E-NOTHING",
        "outcome=DROP",
        "group=x",
        "reference=123",
        "address=nicole%40",
        "since=2026-11-22T25:00",
    ],
)
def test_R64_what_cannot_be_read_is_said_in_a_sentence_and_hides_every_line(
    portal: Client, nicole: Guest, query: str
) -> None:
    for page in (LOG, SIGN_INS, reverse("admin:tenants_audit_export")):
        answer = portal.get(f"{page}?{query}")
        assert answer.status_code == 200
        html = answer.content.decode()
        assert 'class="errornote" role="alert"' in html
        assert "<tbody>" not in html
        assert "Download" not in html


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, "١٢"])
def test_R64_a_place_in_the_log_that_is_none_leads_to_its_beginning(portal: Client, nicole: Guest, before: str) -> None:
    assert "Invited a guest" in rows_of(portal.get(LOG, {"before": before}))


def test_R64_the_log_is_turned_by_key_and_no_line_is_shown_twice(
    portal: Client, write: Write, fabrikam: Tenant
) -> None:
    written = [write("guest.signed_in", actor_name=f"guest{n}@many.example").id for n in range(60)]
    seen: list[str] = []
    url: str | None = f"{LOG}?group=sign-ins"
    while url:
        html = portal.get(url).content.decode()
        seen += [part.partition("/change/")[0] for part in html.split(f'<a href="{LOG}')[1:] if "/change/" in part[:30]]
        url = next(
            (part.partition('"')[0] for part in html.split('<a href="')[1:] if 'rel="next">' in part[:200]), None
        )
        url = url.replace("&amp;", "&") if url else None
    assert [int(one) for one in seen] == sorted(written, reverse=True)


def test_R64_a_search_that_looks_far_stops_and_goes_on_from_there(fabrikam: Tenant) -> None:
    lines = [
        AuditEntry(
            tenant_id=fabrikam.id, happened_at=NOW, at=NOW, actor_kind="guest", action="guest.signed_in",
            outcome="success", source="192.0.2.1" if n == 0 else "203.0.113.1",
        )
        for n in range(MOST_READ + 500)
    ]  # fmt: skip
    with tenant_scope(fabrikam.id):
        AuditEntry.objects.bulk_create(lines, batch_size=2000)
        search = Search(source="192.0.2.")
        page = newest(search, before=None, at_most=25)
        assert page.entries == []
        assert page.is_cut
        rest = newest(search, before=page.next_id, at_most=25)
        assert [one.source for one in rest.entries] == ["192.0.2.1"]
        assert not rest.is_cut
        assert count_to(Search(), 100) == 100


@pytest.mark.parametrize("days", [0, 1, 2, 3, 5, 30])
def test_R64_a_day_becomes_a_range_of_ids_that_misses_no_line(
    write: Write, fabrikam: Tenant, contoso: Tenant, days: int
) -> None:
    # As ids grow with time but for transactions that overlap: line 7 began before line 6, and was written after it.
    ages = [50, 40, 30, 20, 10, 5, 3, 3.0003, 2, 1, 0.5, 0]
    for age in ages:
        write("guest.signed_in", ago=timedelta(days=age))
        write("guest.signed_in", tenant=contoso, ago=timedelta(days=60 - age))
    since = NOW - timedelta(days=days)
    with tenant_scope(fabrikam.id):
        first = first_id_since(since)
        wanted = set(AuditEntry.objects.filter(at__gte=since).values_list("id", flat=True))
        found = set() if first is None else set(AuditEntry.objects.filter(id__gte=first).values_list("id", flat=True))
        assert wanted <= found
        assert len(found - wanted) <= 2
        assert {one.id for one in newest(Search(since=since), before=None, at_most=25).entries} == wanted
        assert {one.id for one in newest(Search(until=since), before=None, at_most=25).entries} == set(
            AuditEntry.objects.filter(at__lt=since).values_list("id", flat=True)
        )


@pytest.mark.django_db(transaction=True)
def test_R64_every_search_leads_with_an_index_of_the_tenant(fabrikam: Tenant) -> None:
    lines = [
        AuditEntry(
            tenant_id=fabrikam.id, happened_at=NOW, at=NOW, actor_kind="guest", actor_name=f"n{n}",
            address=f"a{n}@x.example", correlation=f"0000-0000-{n:04}", action="x.y" if n % 99 else "guest.blocked",
            outcome="success" if n % 9 else "refused", code="" if n % 9 else "E-CODE" if n % 2 else "E-WAIT",
        )
        for n in range(6_000)
    ]  # fmt: skip
    with tenant_scope(fabrikam.id):
        AuditEntry.objects.bulk_create(lines)
    with owner() as cursor:
        cursor.execute("ANALYZE tenants_auditentry")
    searches = [
        ("audit_address", Search(address="a5@x.example")),
        ("audit_actor", Search(address="a5@x.example", actors=(("n5", UUID(int=5)),))),
        ("audit_code", Search(code="E-CODE")),
        ("audit_actor", Search(who=("n5",))),
        ("audit_correlation", Search(reference="0000-0000-0005")),
        ("audit_action", Search(actions=("guest.blocked",))),
        ("audit_outcome", Search(outcome="refused")),
        ("audit_outcome|audit_code", Search(outcome="refused", actions=("x.y", "guest.blocked"))),  # few: either
    ]
    with tenant_scope(fabrikam.id), connection.cursor() as cursor:
        for index, search in searches:
            with CaptureQueriesContext(connection) as captured:
                newest(search, before=None, at_most=25)
            statement = next(one["sql"] for one in captured if "ORDER BY" in one["sql"])
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert any(one in plan for one in index.split("|")), plan
            assert "Seq Scan" not in plan


def test_R64_the_log_takes_the_same_few_statements_however_long_it_is(portal: Client, write: Write) -> None:
    counts = set()
    for size in (1, 40):
        for number in range(size):
            write("guest.signed_in", actor_name=f"n{number}")
        with CaptureQueriesContext(connection) as captured:
            portal.get(f"{LOG}?group=sign-ins&since=2020-01-01")
        counts.add(sum("auditentry" in one["sql"] for one in captured))
    assert max(counts) <= 5


def test_R64_every_group_has_deeds_and_every_deed_is_a_sentence() -> None:
    for group in GROUPS:
        assert actions_of(group)
    for action, deed in DEEDS.items():
        assert deed.done[0].islower(), action
        assert not deed.done.endswith("."), action


@pytest.mark.usefixtures("story")
def test_R64_another_tenant_finds_nothing_of_it(contosos: Client) -> None:
    for page in (LOG, SIGN_INS):
        for query in ("", "?q=ines@contoso.example", "?q=7F3A-91C2-0D4E", "?code=E-OTP-OFF", "?q=Omar"):
            assert "0 entries" in text(contosos.get(page + query))


@pytest.mark.parametrize("role", list(Role))
def test_R63_the_logs_are_for_who_may_read_the_audit(as_role: Any, role: Role) -> None:
    client = as_role(role)
    may = role in (Role.GLOBAL_ADMINISTRATOR, Role.GLOBAL_READER, Role.REPORTS_READER)
    pages = ("admin:tenants_sign_ins", "admin:tenants_errors", "admin:tenants_trace", "admin:tenants_audit_export")
    for page in pages:
        assert client.get(reverse(page)).status_code == (200 if may else 403), page
    assert client.post(reverse("admin:tenants_audit_export")).status_code == (200 if may else 403)
