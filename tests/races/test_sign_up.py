"""Sign-ups at once: one address makes one guest, and closing leaves none in progress (R39a)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from applications.models import Application
from applications.operations import add_application, close_sign_up, open_sign_up, sign_up_with_passcode
from guests.models import Guest, GuestSession, SignInFlow
from guests.operations.flows import Asker, Landing
from guests.operations.signing_in import SignedIn, sign_in_with_passcode
from passcodes.codes import code_of
from passcodes.models import Challenge
from providers.rules import Method
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.races.test_passcodes import burst, many_connections, source

__all__ = ["many_connections"]

OPERATOR = Actor(ActorKind.OPERATOR, "olga", source="shell")
AT_ONCE = 5
"""As many codes as a stranger's address is mailed in an hour (R17)."""
ROUNDS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supplier(fabrikam: Tenant) -> Application:
    """An application with sign-up by passcode open."""
    now = datetime.now(UTC)
    with tenant_scope(fabrikam.id):
        made = add_application(
            tenant=fabrikam,
            name="Supplier portal",
            description="",
            url="https://suppliers.example/",
            actor=OPERATOR,
            now=now,
        )
        assert isinstance(made, Application)
        open_sign_up(application_id=made.id, methods=[Method.PASSCODE], actor=OPERATOR, now=now)
    return made


def asker(number: int) -> Asker:
    """A browser in a network of its own."""
    return Asker(
        browser_hash=f"{number:064d}",
        source=source(number),
        is_trusted=False,
        epochs={},
        actor=Actor(ActorKind.STRANGER, source=source(number)),
    )


def ask(tenant: Tenant, application: Application, address: str, number: int) -> object:
    """Send code."""
    return sign_up_with_passcode(
        tenant=tenant,
        application_id=application.id,
        address=canonical(address),
        name=f"Person {number}",
        landing=Landing(),
        asker=asker(number),
        now=datetime.now(UTC),
    )


def test_R39a_two_sign_ups_of_one_address_at_once_make_one_guest(fabrikam: Tenant, supplier: Application) -> None:
    for turn in range(ROUNDS):
        address = f"miriam{turn}@firstupconsultants.com"
        with tenant_scope(fabrikam.id):
            flows = [ask(fabrikam, supplier, address, number) for number in range(AT_ONCE)]
            asked = [flow for flow in flows if isinstance(flow, SignInFlow)]
            codes = [code_of(Challenge.objects.get(id=flow.challenge_id)) for flow in asked if flow.challenge_id]
        assert len(asked) == AT_ONCE

        def enter(number: int, flows: list[SignInFlow] = asked, codes: list[str] = codes) -> object:
            return sign_in_with_passcode(
                flow=flows[number], typed=codes[number], browser="", asker=asker(number), now=datetime.now(UTC)
            )

        opened = burst(fabrikam, AT_ONCE, enter)
        assert all(isinstance(one, SignedIn) for one in opened)
        with tenant_scope(fabrikam.id):
            made = Guest.objects.get(address_key=address)
            assert GuestSession.objects.filter(guest=made).count() == AT_ONCE
            assert AuditEntry.objects.filter(action="guest.signed_up", subject_id=made.id).count() == 1


def test_R39a_closing_in_the_middle_of_a_burst_leaves_no_sign_up_in_progress(
    fabrikam: Tenant, supplier: Application
) -> None:
    for turn in range(ROUNDS):
        with tenant_scope(fabrikam.id):
            open_sign_up(application_id=supplier.id, methods=[Method.PASSCODE], actor=OPERATOR, now=datetime.now(UTC))

        def deed(number: int, turn: int = turn) -> object:
            if number == AT_ONCE:
                return close_sign_up(application_id=supplier.id, actor=OPERATOR, now=datetime.now(UTC))
            return ask(fabrikam, supplier, f"person{number}.{turn}@firstupconsultants.com", number)

        answers = burst(fabrikam, 2 * AT_ONCE, deed)
        assert all(isinstance(one, SignInFlow | Refusal | Application) for one in answers)
        with tenant_scope(fabrikam.id):
            assert not SignInFlow.objects.filter(ended_at__isnull=True).exists()
            assert not Challenge.objects.unspent().exists()
