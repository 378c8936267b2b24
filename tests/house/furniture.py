"""Two furnished houses: a tenant with at least one row in every table that belongs to tenants.

Made by the product's own operations and pages, so that what the tests of the house look at is what guests leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db import connection

from applications.models import Application
from applications.operations import add_application, mark_first_party
from guests.models import (
    Batch,
    BatchKind,
    BatchPart,
    BatchRow,
    BatchState,
    DailyFigure,
    FederatedIdentity,
    Guest,
    GuestSession,
    ProviderAnswer,
    SignInFlow,
    Summing,
    Verdict,
    Way,
)
from guests.operations.inviting import Details, Invited, Inviter, invite_guest, invite_guest_by_mail
from passcodes.rules import Pool
from providers.handshakes import new_salt
from providers.models import IdentityProvider, KnownAccountDomain, SpentAssertion
from providers.operations import (
    add_identity_provider,
    add_known_account_domain,
    forbid_skipping,
    set_email_passcode,
    set_redemption_order,
)
from providers.rules import Fallback, Order, PasscodeState, Primary
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.checks import owned_models
from tenants.models import ActorKind as StoredKind
from tenants.models import Administrator, AuditEntry, AuditSeal, Outcome, RoleOffer, Tenant
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tests.journeys.browser import Browser, code_in, post
from tests.providers import given

OPERATOR = Actor(ActorKind.OPERATOR, "olga", source="shell")


@dataclass(frozen=True)
class House:
    """What somebody else must not reach: ids, links and the browsers that hold this tenant's cookies."""

    tenant: Tenant
    guest: Guest
    pending: Invited
    """An invitation that nobody has opened yet."""
    accepted: Invited
    """The invitation that `guest` has redeemed."""
    flow: SignInFlow
    """Waits for the code of `pending`."""
    common_flow: SignInFlow
    """Waits for a code of `guest`'s that the application asked for without naming a tenant."""
    leaving: SignInFlow
    """Away at the tenant's provider, which has posted an answer; `waiting` has its cookie."""
    session: GuestSession
    application: Application
    provider: IdentityProvider
    entry: AuditEntry
    seal: AuditSeal
    batch: Batch
    """Checked, not started, with one row."""
    offer: RoleOffer
    """To somebody who has an account and no role anywhere."""
    browser: Browser
    """Signed in as `guest`."""
    waiting: Browser
    """Stands on the Enter code pages of `flow` and `common_flow`."""

    @property
    def domain(self) -> str:
        return self.tenant.primary_domain

    @cached_property
    def administrator_id(self) -> UUID:
        """The tenant's first administrator, whom the test appointed."""
        return self.tenant.roles.order_by("administrator__created_at")[0].administrator_id

    @property
    def ticket(self) -> str:
        """The live ticket of the pending invitation."""
        return self.pending.link.rpartition("/")[2]

    @property
    def words(self) -> list[str]:
        """What must never stand on a page for somebody else, ids aside."""
        return [self.guest.address, self.pending.guest.address, self.guest.name, self.provider.name]


def furnish(tenant: Tenant, person: str) -> House:
    """Fill the tenant's tables. `person` names its guests: `<person>@…` has redeemed, `<person>.new@…` has not."""
    now = datetime.now(UTC)
    domain = f"{person}.partner.example"
    inviter = Inviter(f"Inviter of {tenant.name}", f"inviter@{tenant.primary_domain}")
    with tenant_scope(tenant.id):
        _settings(tenant, domain, now)
        application = add_application(
            tenant=tenant,
            name=f"App of {tenant.name}",
            description="",
            url=f"https://app.{tenant.primary_domain}/start",
            actor=OPERATOR,
            now=now,
        )
        provider = add_identity_provider(
            kind="saml",
            name=f"Federation of {tenant.name}",
            domains=[f"saml.{domain}"],
            settings=given.settings("saml"),
            actor=OPERATOR,
            now=now,
        )
        assert isinstance(application, Application)
        assert mark_first_party(application_id=application.id, actor=OPERATOR, now=now)
        assert isinstance(provider, IdentityProvider)
        details = Details(name=f"Guest {person}", redirect_url=application.url, message="Welcome")
        accepted = invite_guest_by_mail(
            tenant=tenant,
            address=canonical(f"{person}@{domain}"),
            details=details,
            inviter=inviter,
            actor=OPERATOR,
            now=now,
        )
        pending = invite_guest(
            tenant=tenant,
            address=canonical(f"{person}.new@{domain}"),
            details=Details(name=f"New {person}"),
            inviter=inviter,
            actor=OPERATOR,
            now=now,
        )
        assert isinstance(accepted, Invited)
        assert isinstance(pending, Invited)
    browser = Browser()
    redeem(browser, tenant, accepted.link)
    other = Browser()
    other.open(pending.link)
    other.submit("Send code")
    other.open(application.common_path)
    other.submit("email", email=f"{person}@{domain}")
    with tenant_scope(tenant.id):
        leaving = _away(tenant, provider, SignInFlow.objects.get(invitation=pending.invitation), now)
        entry = AuditEntry.objects.create(
            tenant_id=tenant.id,
            at=now - timedelta(minutes=5),
            happened_at=now - timedelta(minutes=5),
            actor_kind=StoredKind.SYSTEM,
            action="test.happened",
            outcome=Outcome.SUCCESS,
        )
        _settle_at_once(tenant.id, entry)
        return House(
            tenant=tenant,
            guest=Guest.objects.get(address_key=f"{person}@{domain}"),
            pending=pending,
            accepted=accepted,
            flow=SignInFlow.objects.get(invitation=pending.invitation),
            common_flow=SignInFlow.objects.get(way=Way.COMMON),
            leaving=leaving,
            session=GuestSession.objects.get(),
            application=application,
            provider=provider,
            entry=entry,
            seal=AuditSeal.objects.get(),
            batch=_many(tenant, domain, now),
            offer=RoleOffer.objects.create(
                tenant=tenant,
                administrator=Administrator.objects.create(email=f"asked@{domain}", name="", password="!"),
                roles=["guestInviter"],
                is_open=True,
            ),
            browser=browser,
            waiting=other,
        )


def redeem(browser: Browser, tenant: Tenant, link: str) -> None:
    """From the link to the resource, with every yes on the way."""
    browser.open(link)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(tenant)[-1]))
    while any("Accept" in form.labels for form in browser.page.forms):
        browser.submit("Accept", button=("answer", "accept"))
    assert browser.page.status == 200, browser.page.text


def tables() -> list[str]:
    """The tables whose every row belongs to a tenant."""
    return sorted(model._meta.db_table for model in owned_models())


def snapshot(tenant: Tenant) -> dict[str, list[str]]:
    """Every row of this tenant, as text, by table; its own row, domains and roles, too."""
    found: dict[str, list[str]] = {}
    whose = {
        "tenants_tenant": "id",
        "tenants_verifieddomain": "tenant_id",
        "tenants_roleassignment": "tenant_id",
        "tenants_roleoffer": "tenant_id",
    }
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = [row[0] for row in cursor.fetchall()]
        for table, column in whose.items():
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY 1", [tenant.id])
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


def _settings(tenant: Tenant, domain: str, now: datetime) -> None:
    set_email_passcode(state=PasscodeState.ENABLED, actor=OPERATOR, now=now)
    forbid_skipping(actor=OPERATOR, now=now)
    order = Order(tuple(Primary), Fallback.DEFAULT, f"other.{domain}")
    set_redemption_order(order=order, actor=OPERATOR, now=now)
    add_known_account_domain(domain=f"entra.{domain}", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=OPERATOR, now=now)


def _away(tenant: Tenant, provider: IdentityProvider, beside: SignInFlow, now: datetime) -> SignInFlow:
    """A flow of the same browser that has left for the provider, with all that such a round trip leaves behind."""
    key_id, salt = new_salt()
    guest = Guest.objects.filter(method="emailOneTimePasscode").get()
    flow = SignInFlow.objects.create(
        tenant_id=tenant.id,
        browser_hash=beside.browser_hash,
        way=Way.TENANTED,
        address=guest.address,
        pool=Pool.STRANGER.value,
        method="externalFederation",
        kind=provider.kind,
        provider_id=provider.id,
        handshake_key_id=key_id,
        handshake_salt=salt,
        expires_at=now + timedelta(hours=4),
    )
    ProviderAnswer.objects.create(tenant_id=tenant.id, flow=flow, body="PHg+")
    FederatedIdentity.objects.create(
        tenant_id=tenant.id, guest=guest, kind=provider.kind, provider_id=provider.id, issuer="i", subject="s"
    )
    SpentAssertion.objects.create(tenant_id=tenant.id, digest="d" * 64, expires_at=now + timedelta(hours=1))
    return flow


def _many(tenant: Tenant, domain: str, now: datetime) -> Batch:
    """A file of guests that waits to be started, and a day's figures."""
    batch = Batch.objects.create(
        tenant_id=tenant.id,
        kind=BatchKind.INVITATIONS,
        state=BatchState.CHECKED,
        name=f"partners of {domain}.csv",
        actor_kind=StoredKind.OPERATOR,
        actor_name="olga",
        rows=1,
        rows_new=1,
    )
    BatchPart.objects.create(tenant_id=tenant.id, batch=batch, number=1, content=b"email\r\n")
    BatchRow.objects.create(tenant_id=tenant.id, batch=batch, number=2, address=f"many@{domain}", verdict=Verdict.NEW)
    DailyFigure.objects.create(tenant_id=tenant.id, day=now.date(), name="invited", value=2)
    Summing.objects.create(tenant_id=tenant.id, summed_at=now)
    return batch


def _settle_at_once(tenant_id: UUID, entry: AuditEntry) -> None:
    """Seal the history as beat does: all lines below one that is old enough."""
    assert seal_tenant() > 0, f"nothing of {tenant_id} below {entry.id} was sealed"
