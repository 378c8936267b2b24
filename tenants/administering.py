"""Who administers a tenant: appointing, giving roles, removing.

With offering.py the only writer of RoleAssignment, and the only one who makes an Administrator. It must never leave a
tenant without a Global Administrator who may sign in, nor write a password or a code into a history. (R63, R64)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tenants import audit
from tenants.addresses import AddressRefused, canonical
from tenants.audit import Actor, ActorKind
from tenants.credentials import Credentials, ask_for_another_password, fresh_credentials
from tenants.models import Administrator, RoleAssignment, RoleOffer, Tenant
from tenants.refusals import Code, Refusal, Refused
from tenants.roles import Role


def create_administrator(
    *, tenant: Tenant, email: str, name: str, roles: Iterable[Role], actor: Actor, now: datetime
) -> Credentials | Refusal:
    """Make a person who administers this tenant and goes on using the password that is made here. Inside its scope.

    For who makes their own, as the local stack does: the password of somebody else is appoint_administrator()'s.
    Refuses an address that is none, and one that has an administrator: admit_administrator() gives that one roles.
    """
    try:
        with transaction.atomic():
            made = _new_administrator(email, name, tenant, _vouches(actor))
            _introduce(tenant, made.administrator, roles, actor, now)
            return made
    except Refused as refused:
        return refused.refusal


def appoint_administrator(
    *, tenant: Tenant, email: str, name: str, roles: Collection[Role], actor: Actor, now: datetime
) -> Credentials | Refusal:
    """Make a person who administers this tenant; they choose a password of their own before anything else.

    Inside the tenant's scope. Refuses no roles, an address that is none, and one that has an administrator.
    """
    try:
        with transaction.atomic():
            _refuse_none(roles)
            made = _new_administrator(email, name, tenant, _vouches(actor))
            ask_for_another_password(made.administrator)
            _introduce(tenant, made.administrator, roles, actor, now)
            return made
    except Refused as refused:
        return refused.refusal


def admit_administrator(
    *, tenant: Tenant, administrator: Administrator, roles: Collection[Role], actor: Actor, now: datetime
) -> Administrator | Refusal:
    """Give these roles to somebody who has an account already, beside those held here. Inside the tenant's scope.

    At an operator's word: a tenant asks first, by offer_roles(), whose offer ends here. They sign in as before. Refuses
    no roles, and who never chose a password of their own: whoever made that one knows it, and may be of another tenant.
    """
    try:
        with transaction.atomic():
            _refuse_none(roles)
            is_theirs = RoleAssignment.objects.filter(tenant=tenant, administrator=administrator).exists()
            if administrator.must_change_password and not is_theirs:
                raise Refused(
                    _no(
                        f"{administrator.email} has not chosen a password of their own yet, so whoever made it could "
                        "come in. Once they have, they can be given a role here."
                    )
                )
            RoleOffer.objects.filter(tenant=tenant, administrator=administrator).delete()
            for role in roles:
                assign_role(tenant=tenant, administrator=administrator, role=role, actor=actor, now=now)
            return administrator
    except Refused as refused:
        return refused.refusal


def create_operator(*, email: str, name: str) -> Credentials | Refusal:
    """Make a person who may enter every tenant by choosing it (R63). No tenant's history tells of it: none is touched.

    Refuses what create_administrator refuses.
    """
    try:
        with transaction.atomic():
            made = _new_administrator(email, name, None, is_confirmed=True)
            made.administrator.is_superuser = True
            made.administrator.save(update_fields=["is_superuser"])
            ask_for_another_password(made.administrator)
            return made
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
            _record("administrator.role_assigned", actor, now, administrator, {"role": role.value})
        return assignment


def set_roles(
    *,
    tenant: Tenant,
    administrator: Administrator,
    roles: Collection[Role],
    shown: Collection[Role],
    actor: Actor,
    now: datetime,
) -> Administrator | Refusal:
    """The administrator holds these roles in the tenant from now on, and no other. Inside its scope.

    `shown` is what they held when that was decided. Refuses no roles, roles that somebody else changed meanwhile, and
    to take the last Global Administrator from the tenant.
    """
    try:
        with transaction.atomic():
            _refuse_none(roles)
            held = _held(_locked(tenant), administrator)
            if held != set(shown):
                raise Refused(_no("Their roles were changed meanwhile. Load the page again, then change them."))
            wanted = set(roles)
            if held != wanted:
                if Role.GLOBAL_ADMINISTRATOR in held - wanted:
                    _refuse_the_last(tenant, administrator)
                RoleAssignment.objects.filter(
                    tenant=tenant, administrator=administrator, role__in=held - wanted
                ).delete()
                RoleAssignment.objects.bulk_create(
                    RoleAssignment(tenant=tenant, administrator=administrator, role=role)
                    for role in in_order(wanted - held)
                )
                change = {"before": in_order(held), "after": in_order(wanted)}
                _record("administrator.roles_changed", actor, now, administrator, change)
            return administrator
    except Refused as refused:
        return refused.refusal


def remove_administrator(
    *, tenant: Tenant, administrator: Administrator, actor: Actor, now: datetime
) -> Administrator | Refusal:
    """Take every role in this tenant; the next click finds no seat here. Inside its scope. Other tenants keep theirs.

    Refuses who holds none, and to take the last Global Administrator from the tenant.
    """
    try:
        with transaction.atomic():
            held = _held(_locked(tenant), administrator)
            if Role.GLOBAL_ADMINISTRATOR in held:
                _refuse_the_last(tenant, administrator)
            RoleAssignment.objects.filter(tenant=tenant, administrator=administrator).delete()
            gone = {"email": administrator.email, "roles": in_order(held)}
            _record("administrator.removed", actor, now, administrator, gone)
            return administrator
    except Refused as refused:
        return refused.refusal


def without_global_administrator(administrator: Administrator) -> list[Tenant]:
    """The tenants where they are Global Administrator and nobody else is, who could sign in."""
    theirs = Tenant.objects.filter(roles__administrator=administrator, roles__role=Role.GLOBAL_ADMINISTRATOR)
    return [one for one in theirs.order_by("name", "id") if not _others_than(administrator, one).exists()]


def in_order(roles: Collection[str]) -> list[Role]:
    """The roles as the table has them, the most powerful first."""
    return [role for role in Role if role in roles]


def _new_administrator(email: str, name: str, made_in: Tenant | None, is_confirmed: bool) -> Credentials:
    try:
        key = canonical(email).key
    except AddressRefused as refused:
        raise Refused(_no(refused.reason)) from None
    administrator, is_new = Administrator.objects.get_or_create(
        email=key,
        defaults={
            "name": (name.strip() or key)[:100],
            "made_in": made_in,
            "is_confirmed": is_confirmed,
        },
    )
    if not is_new:
        raise Refused(_no(f"{key} is an administrator already. Give them a role, or reset their password."))
    return fresh_credentials(administrator)


def _vouches(actor: Actor) -> bool:
    """Who appoints proves no address: whom an operator makes counts as confirmed, whom a tenant makes does not."""
    return actor.kind == ActorKind.OPERATOR


def _introduce(tenant: Tenant, made: Administrator, roles: Iterable[Role], actor: Actor, now: datetime) -> None:
    _record("administrator.created", actor, now, made, {"email": made.email})
    for role in roles:
        assign_role(tenant=tenant, administrator=made, role=role, actor=actor, now=now)


def _locked(tenant: Tenant) -> Tenant:
    """The tenant's row, held until the end: who takes roles away waits for each other, and nobody else does."""
    return Tenant.objects.select_for_update(no_key=True).only("id", "name").get(id=tenant.id)


def _held(tenant: Tenant, administrator: Administrator) -> set[Role]:
    rows = RoleAssignment.objects.filter(tenant=tenant, administrator=administrator).values_list("role", flat=True)
    held = {Role(role) for role in rows if role in Role.values}
    if not held:
        raise Refused(_no(f"{administrator.email} is no administrator of {tenant.name}. Appoint them first."))
    return held


def _refuse_none(roles: Collection[Role]) -> None:
    if not roles:
        raise Refused(_no("Choose at least one role. Who should hold none is removed from the tenant."))


def _refuse_the_last(tenant: Tenant, administrator: Administrator) -> None:
    if not _others_than(administrator, tenant).exists():
        raise Refused(
            _no(
                f"{administrator.email} is the last Global Administrator of {tenant.name}. Appoint another one first. "
                "They count once they have signed in and chosen a password of their own."
            )
        )


def _others_than(administrator: Administrator, tenant: Tenant) -> QuerySet[RoleAssignment]:
    # Who never chose a password may be a slip of the pen: nobody has signed in with that account for good.
    return RoleAssignment.objects.filter(
        tenant=tenant,
        role=Role.GLOBAL_ADMINISTRATOR,
        administrator__is_active=True,
        administrator__must_change_password=False,
    ).exclude(administrator=administrator)


def _record(
    action: str, actor: Actor, now: datetime, administrator: Administrator, details: Mapping[str, object]
) -> None:
    audit.record_of_administrator(administrator=administrator, action=action, actor=actor, at=now, details=details)


def _no(reason: str) -> Refusal:
    return Refusal(Code.INPUT, reason=reason)
