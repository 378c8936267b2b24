"""A code that vouches for an identity: asked for on the way back from a provider (R36).

Knows that it is asked for like any other code, within R17 and alike for every address (R19). It must never send to the
address that the provider claimed, unless somebody signs up with it: the link is made by the invited one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from guests.models import Guest, SignInFlow
from guests.operations.flows import Asker, is_taken
from guests.rules import is_domain_taken
from passcodes.operations import request_passcode
from passcodes.rules import Pool
from providers.models import EmailPasscodePolicy
from providers.rules import Method
from tenants.addresses import canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


def are_codes_on() -> bool:
    """Whether this tenant mails codes at all (R6). One statement."""
    policy = EmailPasscodePolicy.objects.first()
    return policy is None or policy.passcode_state.is_on


def ask_to_vouch(*, tenant: Tenant, flow: SignInFlow, asker: Asker, now: datetime) -> SignInFlow | Refusal:
    """Send the code of a flow that brought an identity back. Asking twice changes nothing: the first code counts.

    A decoy where nobody has the address, or they may not sign in, or have redeemed already. Refuses E-WAIT, E-OTP-OFF,
    and E-CODE for a flow that has no identity to vouch for.
    """
    if flow.identity is None or flow.ended_at is not None or not flow.address:
        return Refusal(Code.CODE, reason="This sign-in has nothing to vouch for.")
    if flow.challenge_id is not None:
        return flow
    if not are_codes_on():
        return Refusal(Code.OTP_OFF, reason="Email one-time passcode is off.")
    guest = _whose(flow)
    with transaction.atomic():
        locked = SignInFlow.objects.select_for_update().get(id=flow.id)
        if locked.challenge_id is not None:
            return locked
        challenge = request_passcode(
            address=canonical(flow.address),
            decoy=not _may_prove(tenant, guest, flow),
            pool=Pool(flow.pool),
            source=asker.source,
            trusted_source=asker.is_trusted,
            lifetime=timedelta(minutes=tenant.passcode_minutes),
            tenant_mails_per_hour=tenant.code_mails_per_hour,
            actor=asker.actor,
            now=now,
        )
        if isinstance(challenge, Refusal):
            return challenge
        SignInFlow.objects.filter(id=flow.id).update(challenge_id=challenge.id)
        flow.challenge_id = challenge.id
        return flow


def _may_prove(tenant: Tenant, guest: Guest | None, flow: SignInFlow) -> bool:
    if guest is None:
        domain = canonical(flow.address).domain
        is_welcome = is_domain_taken(domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains)
        return flow.sign_up_application_id is not None and is_welcome  # no mail to who would be refused after it (R53)
    is_free = guest.bound_method is None
    if flow.sign_up_application_id is not None:  # who signs up with an address that is a guest's signs in with it
        is_free = guest.bound_method in (None, Method.PASSCODE)
    return guest.may_sign_in and is_free and is_taken(tenant=tenant, guest=guest)


def _whose(flow: SignInFlow) -> Guest | None:
    """Whose address the code would go to: in a sign-up it was claimed at the provider, and may be a guest's."""
    if flow.sign_up_application_id is not None:
        return Guest.objects.filter(address_key=canonical(flow.address).key, deleted_at=None).first()
    return flow.invitation.guest if flow.invitation is not None else flow.guest
