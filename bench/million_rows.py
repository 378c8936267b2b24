"""A tenant of a million guests, for bench.portal_million: rows by INSERT … SELECT, in the spread of a real directory.

Knows names, domains, methods and ages as they come in practice, and that indexes are built faster after the rows. It
must only ever be pointed at a database that the measurement made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

from providers.models import IdentityProvider
from tenants.models import Administrator, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories

FIRST = (
    "Adele,Aiko,Åsa,Ali,Bertil,Chidi,Dörte,Émile,Fatima,Grzegorz,Ines,Jonas,Łukasz,Lena,Mia,Nicole,Ömer,Priya,Ruth,Zoë"
)
LAST = "Adler,Berg,Çelik,Dvořák,Fischer,Haddad,Jönsson,Lund,Moreau,Nguyễn,Obi,Okafor,Petrov,Raman,Silva,Tanaka,Wagner"
TABLES = ("guests_guest", "guests_invitation", "guests_guestsession", "tenants_auditentry", "outbox_outboundmail")
CONTOSO_ID, NORTHWIND_ID = "Contoso ID", "Northwind SAML"

# Nine of ten addresses are at 200 domains, a few of which hold most; the rest are each at nearly its own.
GUESTS = """
INSERT INTO guests_guest (id, tenant_id, address, address_key, domain, other_addresses, name, name_key,
    user_principal_name, language, source, redemption_status, redemption_status_changed_at, method, method_provider_id,
    is_blocked, device_epoch, sponsor_name, sponsor_address, created_at, last_sign_in_at, link_opened_at, code_sent_at)
SELECT gen_random_uuid(), %(tenant)s, key, key, domain, '[]', name, lower(name),
    replace(key, '@', '_') || '#EXT#@' || %(domain)s, '', 'invitation',
    CASE WHEN has_accepted THEN 'Accepted' ELSE 'PendingAcceptance' END, made, method,
    CASE method WHEN 'externalFederation' THEN (%(providers)s::uuid[])[1 + n %% 2] END,
    n %% 997 = 0, 0, 'Adele Vance', 'adele@' || %(domain)s, made,
    CASE WHEN has_accepted AND n %% 10 > 0 THEN now() - (now() - made) * power(spread, 3) END,
    CASE WHEN has_accepted OR n %% 4 = 0 THEN made + interval '1 day' END,
    CASE WHEN has_accepted OR n %% 9 = 0 THEN made + interval '1 day' END
FROM (SELECT *,
        coalesce(nullif(translate(lower(split_part(name, ' ', 1)), 'åöéłë', 'aoele'), ''), 'guest')
            || '.' || n || '@' || domain AS key,
        CASE WHEN NOT has_accepted THEN '' WHEN way < 55 THEN 'emailOneTimePasscode'
             WHEN way < 80 THEN 'azureActiveDirectory' WHEN way < 90 THEN 'externalFederation'
             WHEN way < 94 THEN 'google' ELSE 'microsoftAccount' END AS method
    FROM (SELECT n, random() AS spread, floor(random() * 100) AS way, random() < 0.6 AS has_accepted,
            now() - interval '3 years' * random() AS made,
            CASE WHEN n %% 10 < 9 THEN 'partner' || floor(200 * power(random(), 3)) || '.example'
                 ELSE 'firm' || floor(random() * 50000) || '.example' END AS domain,
            CASE WHEN n %% 12 = 0 THEN '' ELSE (%(first)s::text[])[1 + floor(random() * %(firsts)s)::int] || ' '
                 || (%(last)s::text[])[1 + floor(random() * %(lasts)s)::int] END AS name
        FROM generate_series(1, %(n)s) AS n) AS drawn) AS guests
"""
INVITATIONS = """
INSERT INTO guests_invitation (id, tenant_id, guest_id, key_id, nonce, ticket_hash, redirect_url, resource_name,
    message, cc, language, inviter_name, inviter_address, created_at, last_mailed_at, accepted_at, expires_at, ended_at,
    ended_why)
SELECT gen_random_uuid(), tenant_id, id, 1, decode(replace(id::text, '-', ''), 'hex'), encode(sha256(id::text::bytea),
    'hex'), '', '', '', '', '', 'Adele Vance', 'adele@' || %(domain)s, created_at, created_at,
    CASE WHEN redemption_status = 'Accepted' THEN created_at + interval '1 day' END,
    CASE WHEN spread < 0.3 THEN created_at + interval '90 days' END,
    CASE WHEN spread > 0.95 THEN created_at + interval '2 days' END, CASE WHEN spread > 0.95 THEN 'revoked' ELSE '' END
FROM (SELECT *, random() AS spread FROM guests_guest WHERE tenant_id = %(tenant)s) AS guests
"""
SESSIONS = """
INSERT INTO guests_guestsession (id, tenant_id, guest_id, token_hash, method, provider_id, reasons, landing, source,
    browser, started_at, expires_at, ended_at, ended_why)
SELECT gen_random_uuid(), tenant_id, id, encode(sha256(('session' || id)::bytea), 'hex'), method, method_provider_id,
    '[]', '', '203.0.113.7', 'Firefox on Windows', began, began + interval '24 hours',
    CASE WHEN spread < 0.1 THEN began + interval '1 hour' END, CASE WHEN spread < 0.1 THEN 'signedOut' ELSE '' END
FROM (SELECT *, random() AS spread, now() - interval '6 days' * random() AS began FROM guests_guest
    WHERE tenant_id = %(tenant)s AND last_sign_in_at IS NOT NULL
    ORDER BY last_sign_in_at DESC LIMIT %(n)s * 3 / 10) AS guests
"""
HISTORY = """
INSERT INTO tenants_auditentry (tenant_id, happened_at, at, actor_kind, actor_id, actor_name, source, correlation,
    action, subject_kind, subject_id, outcome, code, details, address)
SELECT tenant_id, happened, happened, CASE WHEN way < 40 THEN 'administrator' ELSE 'guest' END, NULL,
    CASE WHEN way < 40 THEN (ARRAY['adele@','isaiah@','miriam@'])[1 + way::int %% 3] || %(domain)s ELSE address_key END,
    '203.0.113.' || way,
    upper(substr(id::text, 1, 4) || '-' || substr(id::text, 5, 4) || '-' || substr(id::text, 10, 4)),
    CASE WHEN way < 40 THEN 'guest.invited' WHEN way < 60 THEN 'passcode.requested' WHEN way < 85 THEN 'guest.signed_in'
         WHEN way < 95 THEN 'guest.redeemed' ELSE 'passcode.refused' END,
    'guest', id, CASE WHEN way < 95 THEN 'success' ELSE 'refused' END, CASE WHEN way < 95 THEN '' ELSE 'E-CODE' END,
    '{}', address_key
FROM (SELECT *, floor(random() * 100) AS way, created_at + (now() - created_at) * random() AS happened FROM guests_guest
    WHERE tenant_id = %(tenant)s ORDER BY created_at) AS guests
"""
MAILS = """
INSERT INTO outbox_outboundmail (id, tenant_id, kind, subject_id, rank, state, due_at, deadline_at, tries, leases_lost,
    message_id, reason, created_at, handed_over_at, settled_at)
SELECT gen_random_uuid(), tenant_id, 'invitation', id, 1,
    CASE WHEN spread < 0.01 THEN 'bounced' WHEN spread < 0.012 THEN 'failed' WHEN spread < 0.02 THEN 'queued'
         ELSE 'delivered' END, created_at, created_at + interval '3 days', 1, 0, '<' || id || '@fabrikam.example>', '',
    created_at, CASE WHEN spread >= 0.02 THEN created_at + interval '4 seconds' END,
    CASE WHEN spread < 0.012 OR spread >= 0.02 THEN created_at + interval '9 seconds' END
FROM (SELECT *, random() AS spread FROM guests_invitation
    WHERE tenant_id = %(tenant)s ORDER BY created_at DESC LIMIT %(n)s / 10) AS invitations
"""


@dataclass(frozen=True)
class Filled:
    """Who looks at what was made, and how long it took."""

    tenant: Tenant
    small: Tenant
    administrator: Administrator
    seconds: float


def fill(guests: int) -> Filled:
    """So many guests in one tenant with all that belongs to them, fifty in a second one."""
    began = time.monotonic()
    big, small = factories.tenant("Fabrikam", "fabrikam.example"), factories.tenant("Contoso", "contoso.example")
    role = Role.GLOBAL_ADMINISTRATOR
    administrator = factories.administrator("adele@fabrikam.example", (big, role), (small, role))
    with _without_indexes():
        for tenant, number in ((small, 50), (big, guests)):
            _fill(tenant, number)
    _run("VACUUM (ANALYZE) " + ", ".join(TABLES))
    return Filled(big, small, administrator, time.monotonic() - began)


def _fill(tenant: Tenant, guests: int) -> None:
    with tenant_scope(tenant.id):
        providers = [
            IdentityProvider.objects.create(tenant=tenant, kind=kind, name=name, is_bound_to_domains=True).pk
            for kind, name in (("oidc", CONTOSO_ID), ("saml", NORTHWIND_ID))
        ]
    first, last = FIRST.split(","), LAST.split(",")
    drawn: dict[str, Any] = {
        "first": first,
        "firsts": len(first),
        "last": last,
        "lasts": len(last),
        "providers": providers,
    }
    values = {"tenant": tenant.id, "domain": tenant.primary_domain, "n": guests, **drawn}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, false), setseed(0.4)", [str(tenant.id)])
        for statement in (GUESTS, INVITATIONS, SESSIONS, HISTORY, MAILS):
            cursor.execute(statement, values)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """The large tables without what only searches need; it is built when the rows are there."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
            [list(TABLES)],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    _run("SET maintenance_work_mem = '256MB'")
    for _, definition in found:
        _run(definition)


def _run(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
