"""What is done to tenants: founding one, its domains, its terms of use.

The only writer of VerifiedDomain, and with changing.py and showing.py of Tenant. It must never let a domain name two
tenants. (R22, R37a, R64)
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from tenants import audit
from tenants.addresses import AddressRefused, canonical_domain
from tenants.audit import Actor
from tenants.models import Tenant, VerifiedDomain
from tenants.refusals import Code, Refusal, Refused
from tenants.scope import tenant_scope


def create_tenant(*, name: str, domain: str, actor: Actor, now: datetime) -> Tenant | Refusal:
    """Found a tenant under its first verified domain. Called outside any scope: it enters the new tenant's.

    Refuses an empty name and a domain that is none or that names a tenant already.
    """
    if not name.strip():
        return _no("Give the tenant a name, such as Fabrikam.")
    try:
        verified = canonical_domain(domain)
    except AddressRefused as refused:
        return _no(refused.reason)
    tenant_id = uuid.uuid4()
    try:
        with tenant_scope(tenant_id), transaction.atomic():
            tenant = Tenant.objects.create(id=tenant_id, name=name.strip()[:100], primary_domain=verified)
            _claim(tenant, verified)
            _record(tenant, "tenant.created", actor, now, {"name": tenant.name, "domain": verified})
            return tenant
    except Refused as refused:
        return refused.refusal


def add_domain(*, tenant: Tenant, domain: str, actor: Actor, now: datetime) -> VerifiedDomain | Refusal:
    """Let another domain name the tenant too (R37a). Inside its scope. One that it has already changes nothing.

    Refuses what is no domain and what names another tenant.
    """
    try:
        verified = canonical_domain(domain)
    except AddressRefused as refused:
        return _no(refused.reason)
    try:
        with transaction.atomic():
            claimed, is_new = _claim(tenant, verified)
            if is_new:
                _record(tenant, "tenant.domain_added", actor, now, {"domain": verified})
            return claimed
    except Refused as refused:
        return refused.refusal


def publish_terms(*, tenant: Tenant, text: str, actor: Actor, now: datetime) -> Tenant:
    """Give the tenant's terms of use a new version, which whoever redeems from now on must accept (R22).

    Empty text withdraws them; the same text again changes nothing, however its lines end.
    """
    wanted = _with_plain_line_ends(text)
    with transaction.atomic():
        locked = Tenant.objects.select_for_update().get(id=tenant.id)
        if _with_plain_line_ends(locked.terms_text) != wanted:
            locked.terms_text = wanted
            # The number goes on counting while there are none, so that no version ever means two texts.
            locked.terms_version += 1
            locked.terms_published_at = now
            locked.save(update_fields=["terms_text", "terms_version", "terms_published_at"])
            _record(locked, "tenant.terms_published", actor, now, {"version": locked.terms_version})
        return locked


def _with_plain_line_ends(text: str) -> str:
    # A browser sends a text area's lines with CR LF, a file has LF: neither is another text.
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _claim(tenant: Tenant, domain: str) -> tuple[VerifiedDomain, bool]:
    claimed, is_new = VerifiedDomain.objects.get_or_create(domain=domain, defaults={"tenant": tenant})
    if claimed.tenant_id != tenant.id:
        raise Refused(_no(f"{domain} names another tenant already. A domain names one tenant only."))
    return claimed, is_new


def _record(tenant: Tenant, action: str, actor: Actor, now: datetime, details: dict[str, object]) -> None:
    audit.record(actor=actor, action=action, at=now, subject_kind="tenant", subject_id=tenant.id, details=details)


def _no(reason: str) -> Refusal:
    return Refusal(Code.INPUT, reason=reason)
