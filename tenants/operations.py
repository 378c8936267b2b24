"""What is done to tenants: founding one, its domains, its terms of use, and who administers it.

The only writer of Tenant, VerifiedDomain, Administrator and RoleAssignment. Each operation writes a line in the
history of every tenant that it touches, never a password or a code. (R22, R37a, R63, R64)
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from tenants import audit, second_factor
from tenants.addresses import AddressRefused, canonical, canonical_domain
from tenants.audit import Actor
from tenants.models import Administrator, RoleAssignment, Tenant, VerifiedDomain
from tenants.refusals import Code, Refusal, Refused
from tenants.roles import Role
from tenants.scope import tenant_scope

FIRST_BACKUP_CODES: Final = 3
"""Enough to sign in and enrol an authenticator app; the portal then makes a full set."""

# Read aloud and typed by hand: no letter that looks like another. 16 of 31 are 79 bits.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Credentials:
    """What a new or reset administrator signs in with. Shown once by who asked for it, stored nowhere as it stands."""

    administrator: Administrator
    password: str = field(repr=False)
    backup_codes: tuple[str, ...] = field(repr=False)


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


def create_administrator(
    *, tenant: Tenant, email: str, name: str, roles: Iterable[Role], actor: Actor, now: datetime
) -> Credentials | Refusal:
    """Make a person who administers this tenant, with a random password and three backup codes. Inside its scope.

    Refuses an address that is none, and one that has an administrator: assign_role() gives that one another role.
    """
    try:
        with transaction.atomic():
            made = _new_administrator(email, name, is_superuser=False)
            _record(
                tenant, "administrator.created", actor, now, {"email": made.administrator.email}, made.administrator
            )
            for role in roles:
                assign_role(tenant=tenant, administrator=made.administrator, role=role, actor=actor, now=now)
            return made
    except Refused as refused:
        return refused.refusal


def create_operator(*, email: str, name: str) -> Credentials | Refusal:
    """Make a person who may enter every tenant by choosing it (R63). No tenant's history tells of it: none is touched.

    Refuses what create_administrator refuses.
    """
    try:
        with transaction.atomic():
            return _new_administrator(email, name, is_superuser=True)
    except Refused as refused:
        return refused.refusal


def assign_role(
    *, tenant: Tenant, administrator: Administrator, role: Role, actor: Actor, now: datetime
) -> RoleAssignment:
    """Give the administrator a role in this tenant. Inside its scope. One that is held already changes nothing."""
    with transaction.atomic():
        assignment, is_new = RoleAssignment.objects.get_or_create(
            administrator=administrator, tenant=tenant, role=role.value
        )
        if is_new:
            _record(tenant, "administrator.role_assigned", actor, now, {"role": role.value}, administrator)
        return assignment


def renew_credentials(*, administrator: Administrator, actor: Actor, now: datetime) -> Credentials:
    """A new random password and three new backup codes; the old ones and all sessions end. The authenticator app stays.

    Called outside any scope: every tenant where the administrator holds a role gets a line in its history.
    """
    with transaction.atomic():
        password = _password()
        administrator.set_password(password)
        administrator.save(update_fields=["password"])
        codes = second_factor.make_backup_codes(administrator=administrator, count=FIRST_BACKUP_CODES)
        for tenant in Tenant.objects.filter(roles__administrator=administrator).distinct().order_by("id"):
            with tenant_scope(tenant.id):
                _record(tenant, "administrator.credentials_renewed", actor, now, {}, administrator)
        return Credentials(administrator, password, tuple(codes))


def _new_administrator(email: str, name: str, *, is_superuser: bool) -> Credentials:
    try:
        key = canonical(email).key
    except AddressRefused as refused:
        raise Refused(_no(refused.reason)) from None
    administrator, is_new = Administrator.objects.get_or_create(
        email=key, defaults={"name": (name.strip() or key)[:100], "is_superuser": is_superuser}
    )
    if not is_new:
        raise Refused(_no(f"{key} is an administrator already. Give them a role, or reset their password."))
    password = _password()
    administrator.set_password(password)
    administrator.save(update_fields=["password"])
    codes = second_factor.make_backup_codes(administrator=administrator, count=FIRST_BACKUP_CODES)
    return Credentials(administrator, password, tuple(codes))


def _with_plain_line_ends(text: str) -> str:
    # A browser sends a text area's lines with CR LF, a file has LF: neither is another text.
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _claim(tenant: Tenant, domain: str) -> tuple[VerifiedDomain, bool]:
    claimed, is_new = VerifiedDomain.objects.get_or_create(domain=domain, defaults={"tenant": tenant})
    if claimed.tenant_id != tenant.id:
        raise Refused(_no(f"{domain} names another tenant already. A domain names one tenant only."))
    return claimed, is_new


def _record(
    tenant: Tenant,
    action: str,
    actor: Actor,
    now: datetime,
    details: dict[str, object],
    administrator: Administrator | None = None,
) -> None:
    subject: tuple[str, UUID] = ("administrator", administrator.pk) if administrator else ("tenant", tenant.id)
    audit.record(actor=actor, action=action, at=now, subject_kind=subject[0], subject_id=subject[1], details=details)


def _no(reason: str) -> Refusal:
    return Refusal(Code.INPUT, reason=reason)
