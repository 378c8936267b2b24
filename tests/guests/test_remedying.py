"""A setting that shuts guests out and what helps them: both are stored, or neither is (R62, B10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connections

from guests.models import Batch, Guest, Status
from guests.operations import remedying
from guests.operations.batches.choosing import reset_many, reset_many_by_mail
from guests.operations.inviting import Inviter
from providers import operations
from providers.models import EmailPasscodePolicy, IdentityProvider, KnownAccountDomain, RedemptionPolicy
from providers.operations import settings_version
from providers.operations.settings import CHANGED_MEANWHILE
from providers.rules import Order, PasscodeState
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope

WHO = Inviter("Adele Vance", "adele@fabrikam.example")


@pytest.fixture
def provider(fabrikam: Tenant) -> IdentityProvider:
    """Contoso ID."""
    with tenant_scope(fabrikam.id):
        return IdentityProvider.objects.create(
            tenant=fabrikam, kind="openIdConnect", name="Contoso ID", is_bound_to_domains=True
        )


@pytest.fixture
def guests(fabrikam: Tenant, provider: IdentityProvider, now: datetime) -> None:
    """One guest for each way of being shut out."""
    ways = [("emailOneTimePasscode", None), ("microsoftAccount", None), ("externalFederation", provider.pk)]
    with tenant_scope(fabrikam.id):
        for number, (method, by) in enumerate(ways):
            Guest.objects.create(
                tenant=fabrikam,
                address=f"guest{number}@contoso.com",
                address_key=f"guest{number}@contoso.com",
                domain="contoso.com",
                method=method,
                method_provider_id=by,
                redemption_status=Status.ACCEPTED,
                redemption_status_changed_at=now,
            )


DEEDS: dict[str, Callable[..., object]] = {
    "passcodes": lambda tenant, provider, **who: remedying.turn_off_passcodes_and_reset(tenant=tenant, **who),
    "Microsoft account": lambda tenant, provider, **who: remedying.disable_microsoft_account_and_reset(
        tenant=tenant, **who
    ),
    "provider off": lambda tenant, provider, **who: remedying.disable_identity_provider_and_reset(
        tenant=tenant, provider_id=provider.pk, **who
    ),
    "provider gone": lambda tenant, provider, **who: remedying.remove_identity_provider_and_reset(
        tenant=tenant, provider_id=provider.pk, **who
    ),
}


def stored(tenant: Tenant) -> list[Any]:
    """What the four deeds change, and the history."""
    with tenant_scope(tenant.id):
        return [
            list(EmailPasscodePolicy.objects.values_list("state", flat=True)),
            list(RedemptionPolicy.objects.values_list("is_microsoft_account_enabled", flat=True)),
            list(IdentityProvider.objects.values_list("is_enabled", flat=True)),
            Tenant.objects.get(pk=tenant.pk).denied_domains,
            list(AuditEntry.objects.order_by("id").values_list("action", flat=True)),
            Batch.objects.count(),
        ]


@contextmanager
def full_disk() -> Iterator[None]:
    """The database refuses every batch."""
    owner = connections["owner"].get_connection_params()
    login = {name: owner[name] for name in ("dbname", "user", "host", "port", "password") if name in owner}
    with psycopg.connect(**login, autocommit=True) as database:
        database.execute(
            "CREATE FUNCTION no_batch() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
        )
        database.execute(
            "CREATE TRIGGER no_batch BEFORE INSERT ON guests_batch FOR EACH ROW EXECUTE FUNCTION no_batch()"
        )
        try:
            yield
        finally:
            database.execute("DROP FUNCTION no_batch() CASCADE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", [*DEEDS, "domains"])
def test_R62_nobody_is_shut_out_where_the_remedy_cannot_be_stored(
    fabrikam: Tenant, provider: IdentityProvider, guests: None, operator: Actor, now: datetime, deed: str
) -> None:
    do = DEEDS.get(deed) or _denied
    before = stored(fabrikam)
    with full_disk(), tenant_scope(fabrikam.id), pytest.raises(DatabaseError):
        do(fabrikam, provider, inviter=WHO, actor=operator, now=now)
    assert stored(fabrikam) == before
    with tenant_scope(fabrikam.id):
        assert isinstance(do(fabrikam, provider, inviter=WHO, actor=operator, now=now), Batch)
    after = stored(fabrikam)
    assert after[:4] != before[:4]
    assert [len(after[4]) - len(before[4]), after[5]] == [2, 1], "a line for the setting, one for the batch"


@pytest.mark.parametrize("deed", DEEDS)
def test_R62_the_setting_is_stored_where_there_is_nobody_to_reset(
    fabrikam: Tenant, provider: IdentityProvider, operator: Actor, now: datetime, deed: str
) -> None:
    with tenant_scope(fabrikam.id):
        assert DEEDS[deed](fabrikam, provider, inviter=WHO, actor=operator, now=now) is None
    assert stored(fabrikam)[:3] != [[], [], [True]]
    assert stored(fabrikam)[5] == 0


@pytest.mark.parametrize("deed", DEEDS)
def test_R62_settings_that_changed_since_they_were_shown_are_left_alone(
    fabrikam: Tenant, provider: IdentityProvider, guests: None, operator: Actor, now: datetime, deed: str
) -> None:
    with tenant_scope(fabrikam.id):
        shown = settings_version()
        operations.add_known_account_domain(
            domain="contoso.com", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )
        before = stored(fabrikam)
        outcome = DEEDS[deed](fabrikam, provider, inviter=WHO, actor=operator, now=now, shown_version=shown)
    assert isinstance(outcome, Refusal)
    assert outcome.code is Code.INPUT
    assert stored(fabrikam) == before


def test_R62_what_changed_since_it_was_shown_is_refused_with_the_lock_held(
    fabrikam: Tenant, provider: IdentityProvider, guests: None, operator: Actor, now: datetime
) -> None:
    who: dict[str, Any] = {"actor": operator, "now": now}
    with tenant_scope(fabrikam.id):
        seen: dict[str, Any] = {**who, "shown_version": settings_version()}
        operations.change_provider_domains(provider_id=provider.pk, domains=["contoso.com"], **who)
        before = stored(fabrikam)
        outcomes = [
            operations.set_email_passcode(state=PasscodeState.ENABLED, **seen),
            operations.enable_microsoft_account(**seen),
            operations.disable_microsoft_account(**seen),
            operations.set_redemption_order(order=Order(), **seen),
            operations.remove_redemption_order(partner_domain="", **seen),
            operations.enable_identity_provider(provider_id=provider.pk, **seen),
            operations.disable_identity_provider(provider_id=provider.pk, **seen),
            operations.remove_identity_provider(provider_id=provider.pk, **seen),
            operations.change_provider_domains(provider_id=provider.pk, domains=["tailspin.example"], **seen),
            reset_many_by_mail(tenant=fabrikam, choice=remedying.WITH_PASSCODE, inviter=WHO, **seen),
            reset_many(tenant=fabrikam, choice=remedying.WITH_PASSCODE, inviter=WHO, **seen),
        ]
    assert [one for one in outcomes if not isinstance(one, Refusal) or one.reason != CHANGED_MEANWHILE] == []
    assert stored(fabrikam) == before


def test_R53_lists_that_take_everybody_are_stored_and_nothing_is_revoked(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    who: dict[str, Any] = {"tenant": fabrikam, "inviter": WHO, "actor": operator, "now": now}
    with tenant_scope(fabrikam.id):
        assert remedying.change_domain_lists_and_revoke(allowed=[], denied=[], **who) is None
        refused = remedying.change_domain_lists_and_revoke(allowed=["a.example"], denied=["b.example"], **who)
    assert isinstance(refused, Refusal)
    assert stored(fabrikam)[5] == 0


def _denied(tenant: Tenant, provider: IdentityProvider, **who: Any) -> object:
    return remedying.change_domain_lists_and_revoke(tenant=tenant, allowed=[], denied=["contoso.com"], **who)
