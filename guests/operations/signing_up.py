"""Self-service sign-up: who proves an address becomes a guest of an application that takes them (R39a, R53).

Knows that a flow may stand for somebody who is no guest yet. It must never make a guest before the proof (threat 19),
nor go another way for an address that is a guest's already (R19). Whether an application takes sign-ups is known above.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from guests.models import Guest, SignInFlow, Source, Way
from guests.operations.flows import Asker, Beginning, Landing, SignUp, begin_flow, refuse_to_begin
from guests.rules import NameMistake, is_domain_taken, read_name, user_principal_name
from passcodes.operations import void_these_challenges
from passcodes.rules import Pool
from providers.rules import Decision, Method, Reason, Verdict
from tenants import audit
from tenants.addresses import Address
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

BY_PASSCODE = Decision(
    Method.PASSCODE,
    (Reason("R39a", Verdict.USED, "Self-service sign-up: the application takes guests by passcode."),),
)


@dataclass(frozen=True)
class OtherMethod:
    """The address is a guest's who redeemed in another way, and signs in by that (R3)."""


def begin_sign_up(
    *,
    tenant: Tenant,
    application_id: UUID,
    address: Address,
    name: str,
    landing: Landing,
    asker: Asker,
    now: datetime,
) -> SignInFlow | OtherMethod | Refusal:
    """Send a code to an address that may belong to anybody, within R17. The caller knows that sign-up is open.

    A guest's own address is sent a code to sign in with, a blocked guest's gets a decoy, and all of them the same pages
    (R19). Refuses E-WAIT, and E-DOMAIN alike for every address of a domain that is not taken (R53).
    """
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    if not is_domain_taken(address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        return refuse_to_begin(
            Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {address.domain}."),
            address_key=address.key,
            guest_id=guest.id if guest else None,
            way=Way.APPLICATION,
            asker=asker,
            now=now,
        )
    if guest is not None and guest.bound_method not in (None, Method.PASSCODE):
        return OtherMethod()
    is_known = guest is not None and asker.epochs.get(address.key) == guest.device_epoch
    beginning = Beginning(
        address=address,
        guest=guest,
        pool=Pool.KNOWN if is_known else Pool.STRANGER,
        way=Way.APPLICATION,
        landing=landing,
        decision=BY_PASSCODE,
        sign_up=SignUp(application_id, name),
    )
    return begin_flow(tenant=tenant, beginning=beginning, asker=asker, now=now)


def guest_of_sign_up(*, flow: SignInFlow, address: Address, name: str, actor: Actor, now: datetime) -> Guest | Refusal:
    """The guest of an address that has just been proven in a sign-up, made if there is none, and locked.

    Inside the transaction that spends the proof, once nothing else stands in the way: what was made stays made. Two
    proofs at once make one guest. A `name` that the form would not take is left out. Refuses E-DOMAIN by the lists as
    they are now (R53), E-BLOCKED for a guest who is there by now, and E-NOT-INVITED in a flow that is no sign-up.
    """
    if flow.sign_up_application_id is None:
        return Refusal(Code.NOT_INVITED, reason="This sign-in is no sign-up.")
    tenant = Tenant.objects.get(id=flow.tenant_id)
    if not is_domain_taken(address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        return Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {address.domain}.")
    read = read_name(name)
    shown = "" if isinstance(read, NameMistake) else read
    guest, is_new = Guest.objects.select_for_update().get_or_create(
        address_key=address.key,
        deleted_at=None,
        defaults={
            "tenant_id": tenant.id,
            "address": address.to_send,
            "domain": address.domain,
            "name": shown,
            "name_key": shown.casefold()[:100],
            "user_principal_name": user_principal_name(address.key, tenant.primary_domain),
            "source": Source.SELF_SERVICE,
        },
    )
    if guest.is_blocked:
        return Refusal(Code.BLOCKED, reason="Sign-in is blocked for this guest.")
    SignInFlow.objects.filter(id=flow.id).update(guest=guest)
    if is_new:
        audit.record(
            actor=actor,
            action="guest.signed_up",
            at=now,
            subject_kind="guest",
            subject_id=guest.id,
            details={"address": address.key, "application": str(flow.sign_up_application_id), "flow": str(flow.id)},
        )
    return guest


def sign_ups_in_progress(*, application_id: UUID) -> int:
    """How many people stand between asking to sign up for this application and being signed in."""
    return _in_progress(application_id).filter(expires_at__gt=Now()).count()


def end_sign_ups(*, application_id: UUID) -> int:
    """End the sign-ups in progress of an application with their codes and the names that were typed; how many.

    Inside the caller's transaction; the caller's own audit line says why.
    """
    asked = _in_progress(application_id).values_list("challenge_id", flat=True)
    void_these_challenges(challenge_ids=[one for one in asked if one])  # codes before flows, as signing in locks them
    ended = _in_progress(application_id).update(ended_at=Now(), sign_up_name="")
    # Twice: another round trip may have taken a sign-up's place while the first statement waited for its row.
    return ended + _in_progress(application_id).update(ended_at=Now(), sign_up_name="")


def end_sign_up(*, flow_id: UUID) -> None:
    """End one of them, which has asked for no code yet. Inside the caller's transaction."""
    SignInFlow.objects.filter(id=flow_id, ended_at__isnull=True).update(ended_at=Now(), sign_up_name="")


def has_been_closed(*, flow: SignInFlow) -> bool:
    """Whether this sign-up by passcode ended because its application no longer takes any: the typed name is gone."""
    is_by_passcode = flow.sign_up_application_id is not None and not flow.kind
    return is_by_passcode and flow.ended_at is not None and not flow.sign_up_name


def _in_progress(application_id: UUID) -> QuerySet[SignInFlow]:
    return SignInFlow.objects.filter(sign_up_application_id=application_id, ended_at__isnull=True)
