"""The tenant's lists of domains whose addresses have accounts (R34). It never reaches anybody over the network."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from providers.models import KnownAccountDomain
from providers.operations.settings import Change, lock_settings, refuse
from tenants.addresses import AddressRefused, canonical_domain
from tenants.audit import Actor, record
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

LISTED = "known_domain.added"


def add_known_account_domain(
    *, domain: str, kind: KnownAccountDomain.Kind, actor: Actor, now: datetime
) -> Change[bool] | Refusal:
    """List a domain whose addresses have such accounts (R34); listed already changes nothing.

    Refuses with E-INPUT what is no domain.
    """
    with transaction.atomic():
        lock_settings()
        try:
            name = canonical_domain(domain)
        except AddressRefused as refused:
            return refuse(code=Code.INPUT, reason=refused.reason, action=LISTED, actor=actor, now=now)
        _, is_new = KnownAccountDomain.objects.get_or_create(tenant_id=current_tenant_id(), domain=name, kind=kind)
        if is_new:
            record(actor=actor, action=LISTED, at=now, details={"domain": name, "kind": kind.value})
        return Change(not is_new, True)


def remove_known_account_domain(
    *, domain: str, kind: KnownAccountDomain.Kind, actor: Actor, now: datetime
) -> Change[bool]:
    """Take a domain off the list; not listed changes nothing. `domain` as it is stored."""
    with transaction.atomic():
        lock_settings()
        deleted, _ = KnownAccountDomain.objects.filter(domain=domain, kind=kind).delete()
        if deleted:
            record(actor=actor, action="known_domain.removed", at=now, details={"domain": domain, "kind": kind.value})
        return Change(bool(deleted), False)
