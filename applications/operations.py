"""Adding and removing what a tenant shares, and opening it for sign-up. The only writer of applications."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from applications.discovery import ORDER, possible_offers
from applications.models import Application
from guests.models import SignInFlow, Way
from guests.operations.beginning import Elsewhere, Skips, begin_with_address
from guests.operations.flows import Asker, Landing
from guests.operations.signing_up import OtherMethod, begin_sign_up, end_sign_up, end_sign_ups
from providers.rules import Method
from tenants import audit
from tenants.addresses import Address
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.origins import canonical_origin, origin_of
from tenants.refusals import Code, Refusal


def add_application(
    *, tenant: Tenant, name: str, description: str, url: str, actor: Actor, now: datetime
) -> Application | Refusal:
    """Share an application; its origin is registered with the tenant, so that guests may land there (R39).

    Refuses an address that is no https address (http on the machine itself is taken), a name that is missing or that
    another application of the tenant has, and what is too long to be kept (E-INPUT).
    """
    origin = origin_of(url)
    if origin is None:
        return Refusal(Code.INPUT, reason="The application's address must begin with https:// and name a host.")
    try:
        origin = canonical_origin(origin)
    except ValueError as error:
        return Refusal(Code.INPUT, reason=f"The application's address: {error}")
    wanted = Application(tenant_id=tenant.id, name=name.strip(), description=description.strip(), url=url)
    wrong = _wrong(wanted)
    if wrong:
        return Refusal(Code.INPUT, reason=wrong)
    try:
        with transaction.atomic():
            locked = Tenant.objects.select_for_update().get(id=tenant.id)
            if origin not in locked.landing_origins:
                locked.landing_origins = [*locked.landing_origins, origin]
                locked.save(update_fields=["landing_origins"])
                tenant.landing_origins = locked.landing_origins
            wanted.save(force_insert=True)
            audit.record(
                actor=actor,
                action="application.added",
                at=now,
                subject_kind="application",
                subject_id=wanted.id,
                details={"name": wanted.name, "origin": origin},
            )
            return wanted
    except IntegrityError:
        return Refusal(Code.INPUT, reason=f"There is an application called {wanted.name} already.")


def remove_application(*, application_id: UUID, actor: Actor, now: datetime) -> bool:
    """Stop sharing an application; its origin stays registered, its sign-ups end. False where there is none."""
    with transaction.atomic():
        gone = Application.objects.select_for_update().filter(id=application_id).first()
        if gone is None:
            return False
        end_sign_ups(application_id=application_id)
        gone.delete()
        audit.record(
            actor=actor,
            action="application.removed",
            at=now,
            subject_kind="application",
            subject_id=application_id,
            details={"name": gone.name},
        )
        return True


def open_sign_up(
    *, application_id: UUID, methods: Collection[Method], actor: Actor, now: datetime
) -> Application | Refusal:
    """Let anybody become a guest for this application, by these methods (R39a). Other methods than before replace them.

    Sign-ups in progress end when a method is taken away. Refuses, with the reason: no method, one that does not work in
    this tenant or on this installation, and an application that is not there (E-INPUT).
    """
    if not methods:
        return Refusal(Code.INPUT, reason="Choose at least one method, or people could not sign up.")
    possible = {offer.method for offer in possible_offers()}
    if not possible.issuperset(methods):
        return Refusal(Code.INPUT, reason="One of these methods does not work in this tenant. Choose again.")
    wanted = [method.value for method in ORDER if method in methods]
    with transaction.atomic():
        application = Application.objects.select_for_update().filter(id=application_id).first()
        if application is None:
            return Refusal(Code.INPUT, reason="There is no such application in this tenant.")
        before = application.sign_up_methods if application.is_sign_up_open else []
        if before == wanted:
            return application
        ended = 0 if set(before) <= set(wanted) else end_sign_ups(application_id=application_id)
        application.is_sign_up_open, application.sign_up_methods = True, wanted
        application.save(update_fields=["is_sign_up_open", "sign_up_methods"])
        _note(
            application, "application.sign_up_opened", {"before": before, "methods": wanted, "ended": ended}, actor, now
        )
        return application


def close_sign_up(*, application_id: UUID, actor: Actor, now: datetime) -> Application | Refusal:
    """Take no more sign-ups for this application: those in progress end with their codes. Guests stay guests.

    The methods are kept for when it is opened again. Refuses an application that is not there (E-INPUT).
    """
    with transaction.atomic():
        application = Application.objects.select_for_update().filter(id=application_id).first()
        if application is None:
            return Refusal(Code.INPUT, reason="There is no such application in this tenant.")
        if application.is_sign_up_open:
            ended = end_sign_ups(application_id=application_id)
            application.is_sign_up_open = False
            application.save(update_fields=["is_sign_up_open"])
            _note(application, "application.sign_up_closed", {"ended": ended}, actor, now)
        return application


def sign_up_with_passcode(
    *,
    tenant: Tenant,
    application_id: UUID,
    address: Address,
    name: str,
    landing: Landing,
    asker: Asker,
    now: datetime,
) -> SignInFlow | Elsewhere | Refusal:
    """Send a code to who wants to become a guest for this application (R39a).

    Refuses E-NOT-INVITED where it takes nobody by passcode (any more), E-DOMAIN and E-WAIT. A guest who redeemed in
    another way goes on with that (R3).
    """
    with transaction.atomic():
        # Locked: closing waits for this sign-up and then ends it, or it sees that sign-up is closed.
        open_now = Application.objects.select_for_update(no_key=True).filter(
            id=application_id, is_sign_up_open=True, sign_up_methods__contains=[Method.PASSCODE.value]
        )
        if open_now.first() is None:
            return Refusal(Code.NOT_INVITED, reason="This application takes no sign-up by passcode.")
        begun = begin_sign_up(
            tenant=tenant,
            application_id=application_id,
            address=address,
            name=name,
            landing=landing,
            asker=asker,
            now=now,
        )
    if not isinstance(begun, OtherMethod):
        return begun
    return begin_with_address(
        tenant=tenant, address=address, way=Way.APPLICATION, landing=landing, skips=Skips(), asker=asker, now=now
    )


def end_if_closed(*, application_id: UUID, method: Method, flow: SignInFlow) -> bool:
    """End a sign-up that began in the moment in which its application, or its method there, was closed.

    For who began it without the lock, as the network had to be asked; closing that is under way is waited for.
    """
    with transaction.atomic():
        open_now = Application.objects.select_for_update(no_key=True).filter(
            id=application_id, is_sign_up_open=True, sign_up_methods__contains=[method.value]
        )
        is_open = open_now.first() is not None
        if not is_open:
            end_sign_up(flow_id=flow.id)
    return not is_open


def _note(application: Application, action: str, details: dict[str, object], actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="application",
        subject_id=application.id,
        details={"name": application.name, **details},
    )


def mark_first_party(*, application_id: UUID, actor: Actor, now: datetime) -> bool:
    """Let an application offer a code from a link that names no tenant (R37d). For operators.

    False where there is none, or where it is marked already.
    """
    with transaction.atomic():
        found = Application.objects.select_for_update().filter(id=application_id, is_first_party=False).first()
        if found is None:
            return False
        found.is_first_party = True
        found.save(update_fields=["is_first_party"])
        _record_mark(found, "application.marked_first_party", actor, now)
        return True


def unmark_first_party(*, application_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take the mark away. False where there is no application, or none on it."""
    with transaction.atomic():
        found = Application.objects.select_for_update().filter(id=application_id, is_first_party=True).first()
        if found is None:
            return False
        found.is_first_party = False
        found.save(update_fields=["is_first_party"])
        _record_mark(found, "application.unmarked_first_party", actor, now)
        return True


def first_party_application(*, application_id: UUID) -> Application | None:
    """The first-party application of an active tenant with this id; inside every_tenant(). One statement."""
    return Application.objects.filter(id=application_id, is_first_party=True, tenant__is_active=True).first()


def _record_mark(application: Application, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="application",
        subject_id=application.id,
        details={"name": application.name},
    )


def _wrong(application: Application) -> str:
    """The first thing that keeps the row from being stored, as a sentence that names it; "" when nothing does."""
    try:
        application.clean_fields(exclude=["tenant", "url"])  # origin_of has read the address
    except ValidationError as error:
        name, said = next(iter(error.message_dict.items()))
        return f"The application's {name}: {said[0]}"
    return ""
