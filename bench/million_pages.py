"""The measurement of bench.portal_million, in a process in which Django is set up.

Knows which pages are asked, how often, and how a statement's plan is read. It looks at what was made and changes
nothing of it.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, cycle
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.million_rows import CONTOSO_ID, TABLES, fill
from guests.models import Guest, Invitation, Status
from providers.models import IdentityProvider
from tenants.directory import find_tenant
from tenants.doors.paging import Order, columns_of, written
from tenants.models import Administrator, AuditEntry
from tenants.scope import tenant_scope
from tests.doors.portal import signed_in

LIMIT = 300  # milliseconds at p95
MUCH = 50_000  # rows
GUESTS, INVITATIONS, HISTORY = "/admin/guests/guest/", "/admin/guests/invitation/", "/admin/tenants/auditentry/"
EXPLAIN, ORDER = "/admin/guests/guest/explain/", "/admin/providers/redemptionorder/"
PASSCODE, SETTINGS = "/admin/providers/redemptionorder/email-passcode/", "/admin/tenants/tenant/"
METHODS = [(value, value) for value in ("emailOneTimePasscode", "azureActiveDirectory", "google", "microsoftAccount")]
ORDER_TRIED = {"primary": ["externalFederation"], "fallback": "emailOneTimePasscode", "_save": "1"}


@dataclass
class Page:
    """One kind of request: its name, and what is asked in turn, posted where there are fields to post."""

    name: str
    urls: list[str]
    fields: list[dict[str, Any]] = field(default_factory=list)


def measure(*, guests: int, requests: int, shows_plans: bool, only: str) -> None:
    """Fill the database with so many guests, none if it was filled before, and print the table."""
    if guests:
        made = fill(guests)
        print(f"{guests:,} guests made in {made.seconds:.0f} s")
    settings.ALLOWED_HOSTS = ["testserver"]
    tenant = find_tenant("fabrikam.example")
    assert tenant is not None
    client = signed_in(Administrator.objects.get(email="adele@fabrikam.example"), tenant)
    with tenant_scope(tenant.id):
        pages = [page for page in _pages() if only in page.name]
    print(f"{'milliseconds of':44}{'p50':>8}{'p95':>8}{'longest':>9}   statements, indexes")
    slow = 0
    for page in pages:
        try:
            took = _ask(client, page, requests)
        except AssertionError as error:
            print(error)
            continue
        found = _statements(client, page)
        with tenant_scope(tenant.id):
            plans = [_plan(statement) for statement in found]
        p95 = statistics.quantiles(took, n=20)[18]
        slow += p95 >= LIMIT
        used = sorted({index for plan in plans for index in _indexes(plan)})
        whole = sorted({table for plan in plans for table in _read_whole(plan)})
        print(
            f"{page.name:44}{statistics.median(took):8.0f}{p95:8.0f}{max(took):9.0f}"
            f"   {len(found)}: {', '.join(used)}{' READ WHOLE: ' + ', '.join(whole) if whole else ''}"
            f"{'  TOO SLOW' if p95 >= LIMIT else ''}",
            flush=True,
        )
        if shows_plans:
            for statement, plan in sorted(zip(found, plans, strict=True), key=lambda one: -_spent(one[1])):
                if _spent(plan) > 5:
                    print(f"\n    {statement[:1500]}\n      " + plan.replace("\n", "\n      "), flush=True)
    print(f"{slow} of {len(pages)} too slow" if slow else f"all {len(pages)} under {LIMIT} ms")


def _ask(client: Client, page: Page, requests: int) -> list[float]:
    urls, fields = cycle(page.urls), cycle(page.fields or [{}])
    took = []
    for _ in range(requests):
        url, posted = next(urls), next(fields)
        began = time.perf_counter()
        answer = client.post(url, posted) if posted else client.get(url)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (page.name, url, answer.status_code, answer.headers)
    return took


def _statements(client: Client, page: Page) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        _ask(client, page, 1)
    said = [query["sql"] for query in captured.captured_queries]
    return [one for one in said if one.startswith(("SELECT", "WITH")) and any(f'"{table}"' in one for table in TABLES)]


def _plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + statement.replace("%", "%%"), ())
        return "\n".join(row[0] for row in cursor.fetchall())


def _indexes(plan: str) -> Iterator[str]:
    yield from re.findall(r"Scan(?: Backward)? using (\w+)", plan)
    yield from re.findall(r"Bitmap Index Scan on (\w+)", plan)


def _read_whole(plan: str) -> Iterator[str]:
    """Large tables of which so much was read. A count that stops at a few hundred may meet them without an index."""
    for table, node in re.findall(r"Seq Scan on (\w+)(.*?)(?=->|\Z)", plan, re.DOTALL):
        looked_at = sum(float(one) for one in re.findall(r"(?:actual rows=|Removed by Filter: )([\d.]+)", node))
        if table in TABLES and looked_at > MUCH:
            yield table


def _spent(plan: str) -> float:
    found = re.search(r"Execution Time: ([\d.]+) ms", plan)
    return float(found[1]) if found else 0.0


def _behind(rows: list[Any], url: str, order: Order) -> list[str]:
    """The addresses that Next has below these rows."""
    return [f"{url}{'&' if '?' in url else '?'}after={written(row, columns_of(type(row), order))}" for row in rows]


def _spread(model: type[Guest] | type[Invitation], **wanted: Any) -> list[Any]:
    """Five rows out of everywhere: the key is random."""
    keys = (UUID(int=n << 124) for n in (1, 4, 7, 10, 13))
    return [model.objects.filter(pk__gt=key, **wanted).order_by("pk")[0] for key in keys]


def _pages() -> Iterator[Page]:
    """What an administrator asks for, as often as they ask for it differently."""
    guests, invitations = _spread(Guest), _spread(Invitation)
    signed_in_ones = _spread(Guest, last_sign_in_at__isnull=False)
    provider = IdentityProvider.objects.get(name=CONTOSO_ID).pk
    newest = ("-created_at", "id")
    yield Page("dashboard", ["/admin/"])
    yield Page("guests", [GUESTS])
    yield Page("guests, deep", _behind(guests, GUESTS, newest))
    yield Page("guests by name, deep", _behind(guests, f"{GUESTS}?o=1", ("name_key",)))
    by_sign_in = (F("last_sign_in_at").desc(nulls_last=True),)
    yield Page("guests by sign-in, deep", _behind(guests, f"{GUESTS}?o=-4", by_sign_in))
    yield Page("search: one letter", [f"{GUESTS}?q={letter}" for letter in "abcnz"])
    yield Page("search: first name", [f"{GUESTS}?q={name}" for name in ("Nicole", "åsa", "ŁUKASZ", "zoë", "nobody")])
    yield Page("search: address", [f"{GUESTS}?q={guest.address}" for guest in guests])
    yield Page("search: user principal name", [f"{GUESTS}?q={quote(guest.user_principal_name)}" for guest in guests])
    yield Page("search, deep", _behind(_spread(Guest, name_key__gt="ad", name_key__lt="ae"), f"{GUESTS}?q=ad", newest))
    filters = {
        "status": [value for value, _ in Status.choices],
        "method": [*(value for value, _ in METHODS), "notDecided"],
        "provider": [str(provider)],
        "domain": ["partner0.example", "partner150.example", guests[0].domain, "nobody.example"],
        "last": ["7", "90", "never"],
    }
    for name, values in filters.items():
        yield Page(f"filter: {name}", [f"{GUESTS}?{name}={value}" for value in values])
        yield Page(f"filter: {name}, and search", [f"{GUESTS}?{name}={value}&q=nicole" for value in values])
        yield Page(
            f"filter: {name}, deep", [url for v in values for url in _behind(guests, f"{GUESTS}?{name}={v}", newest)]
        )
    replaced = {frozenset(pair) for pair in combinations(("status", "method", "provider"), 2)}
    for one, other in combinations(filters, 2):
        if {one, other} in replaced:
            continue  # the list offers one of these at a time
        urls = [f"{GUESTS}?{one}={a}&{other}={b}" for a in filters[one] for b in filters[other]]
        yield Page(f"filters: {one}, {other}", urls)
    yield Page("a guest", [f"{GUESTS}{guest.pk}/change/" for guest in signed_in_ones])
    yield Page("deleted guests", [f"{GUESTS}deleted/"])
    yield Page("invitations", [INVITATIONS])
    yield Page("invitations, deep", _behind(invitations, INVITATIONS, newest))
    yield Page("invitations, search", [f"{INVITATIONS}?q={term}" for term in ("n", "nicole", guests[0].address)])
    links = ("open", "accepted", "expired", "ended")
    yield Page("invitations, filter", [f"{INVITATIONS}?link={link}" for link in links])
    yield Page("invitations, filter and search", [f"{INVITATIONS}?link={link}&q=nicole" for link in links])
    entries = list(AuditEntry.objects.order_by("id")[5000:5005])
    yield Page("history", [HISTORY])
    yield Page("history, deep", _behind(entries, HISTORY, ("-id",)))
    yield Page(
        "history, search", [f"{HISTORY}?q={term}" for term in (entries[0].correlation, "E-CODE", "adele@", "guest.")]
    )
    yield Page("history, filter", [f"{HISTORY}?outcome={value}" for value in ("success", "refused", "failed")])
    yield Page("history, action", [f"{HISTORY}?action={value}" for value in ("guest.invited", "passcode.refused")])
    yield Page("passcodes: the page", [PASSCODE])
    yield Page("passcodes: before turning off", [PASSCODE], [{"is_on": "no"}])
    yield Page("redemption order", [ORDER])
    yield Page("redemption order: before saving", [ORDER], [ORDER_TRIED])
    yield Page("a partner's order", [f"{ORDER}partner/?domain=partner0.example"])
    of_partners = [f"{ORDER}partner/?domain={domain}" for domain in ("partner0.example", "partner150.example")]
    yield Page("a partner's order: before saving", of_partners, [ORDER_TRIED])
    yield Page("Microsoft account", [f"{ORDER}microsoft-account/"])
    yield Page("a provider", [f"/admin/providers/identityprovider/{provider}/change/"])
    yield Page("a provider: before removing", [f"{ORDER}provider/{provider}/remove/"])
    yield Page("a provider: before switching off", [f"{ORDER}provider/{provider}/disable/"])
    yield Page("domain lists", [f"{ORDER}guests-domains/"])
    partners = [f"partner{n}.example" for n in range(200)]
    firms = [f"firm{n}.example" for n in range(1800)]
    lists = [
        {"denied_domains": "partner0.example"},
        {"denied_domains": "\n".join(partners + firms)},
        {"allowed_domains": "\n".join(partners + firms)},
        {"allowed_domains": "contoso.com"},
    ]
    yield Page("domain lists: before saving", [f"{ORDER}guests-domains/"], lists)
    known = [", ".join(firms[:20]), "partner0.example", ", ".join([*firms[:400], *partners[:50]]), "nobody.example"]
    yield Page(
        "known domains: before saving",
        [f"{ORDER}known-domains/"],
        [{"domains": domains, "kind": "azureActiveDirectory", "deed": "add"} for domains in known],
    )
    yield Page("guests to remind", [f"{GUESTS}remind/"])
    yield Page("guests to reset", [f"{GUESTS}reset-many/?method=emailOneTimePasscode"])
    yield Page("settings", [SETTINGS])
    asked = [guests[0].address, "stranger@nobody.example", "stranger@partner0.example"]
    yield Page("explain", [EXPLAIN], [{"address": address} for address in asked])
    yield Page("explain a guest", [f"{EXPLAIN}?guest={guest.pk}" for guest in guests])
    yield Page("preview of a guest's page", [f"/admin/preview/?guest={guest.pk}" for guest in guests])
    yield Page("sign-in log", [f"{HISTORY}sign-ins/"])
