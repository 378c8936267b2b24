"""Where an administrator sits: the tenant they chose, and what their roles allow there.

Knows the choice kept in the session and checks it against the roles on every request, so that a role taken away is
gone at the next click. An operator (superuser) sits in any tenant, but only after choosing it. It must never open a
tenant's scope: the middleware does that with what is answered here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import Actor, ActorKind
from tenants.directory import find_tenant
from tenants.inviters import InviterKind, may_invite
from tenants.models import Administrator, RoleAssignment, Tenant
from tenants.roles import Action, Role, may
from tenants.source import client_address

CHOSEN = "tenant"
"""The session's key for the chosen tenant's id."""

OUTSIDE = frozenset(
    {"switch_tenant", "accept_offer", "decline_offer"}
    | {"account", "password_change", "sign_out_others", "backup_codes"}
    | {"authenticator", "authenticator_begin", "authenticator_qr"}
)
"""Pages that work in no tenant's scope, as they enter some themselves: the switch leaves one tenant for another, an
offer comes from a tenant of its own, and what somebody signs in with is theirs in every tenant, or in none yet."""

OFFERED = 50
"""How many tenants the switcher offers to an operator at most; the others are named by id or domain."""


@dataclass(frozen=True)
class Seat:
    """One tenant that an administrator may work in, with the roles held there; none for an operator's."""

    tenant: Tenant
    roles: tuple[Role, ...]

    @property
    def roles_shown(self) -> str:
        return ", ".join(role.label for role in self.roles) or "Operator"


@dataclass(frozen=True)
class Desk:
    """The chosen seat, if any, and all the seats that could be chosen instead."""

    seat: Seat | None = None
    seats: tuple[Seat, ...] = ()
    is_operator: bool = False

    @property
    def tenant(self) -> Tenant | None:
        return self.seat.tenant if self.seat else None

    @property
    def inviter_kind(self) -> InviterKind:
        """As whom the administrator asks to invite here (R53)."""
        return InviterKind.INVITER if self._may_by_role(Action.GUESTS_INVITE) else InviterKind.MEMBER

    @property
    def may_invite(self) -> bool:
        """Whether the tenant's choice lets them invite, which may be nobody."""
        return self.seat is not None and may_invite(self.seat.tenant.who_may_invite, self.inviter_kind)

    def may(self, action: str) -> bool:
        """Whether the roles in the chosen tenant allow the action; never without a tenant.

        Inviting is left to whoever holds a role where the tenant chose so. Where it chose nobody, the pages still open
        and say so.
        """
        return self._may_by_role(action) or (action == Action.GUESTS_INVITE and self.may_invite)

    def _may_by_role(self, action: str) -> bool:
        return self.seat is not None and may(self.seat.roles or (Role.GLOBAL_ADMINISTRATOR,), action)


def desk(request: HttpRequest) -> Desk:
    """The desk of whoever asks, looked up once a request: empty for who has not given both factors.

    One statement; an operator's in a tenant without a role of their own costs one more.
    """
    found: Desk | None = getattr(request, "desk", None)
    if found is None:
        found = _look_up(request)
        request.desk = found  # type: ignore[attr-defined]  # kept for this request only
    return found


def tenant_of(request: HttpRequest) -> Tenant:
    """The chosen tenant. Raises TypeError behind a page that is not guarded, where there may be none."""
    tenant = desk(request).tenant
    if tenant is None:
        raise TypeError("guard this page: it needs a tenant")
    return tenant


def chosen_tenant(request: HttpRequest) -> Tenant | None:
    """The tenant whose scope the portal's page runs in, after both factors and the roles were checked; or None.

    Pages that enter scopes of their own run in none, as two never nest.
    """
    match = request.resolver_match
    if match is not None and match.url_name in OUTSIDE:
        return None
    return desk(request).tenant


def choose(request: HttpRequest, name: str) -> Desk | None:
    """Sit down in the tenant of this id or verified domain. None, and no change, where the administrator may not."""
    tenant = find_tenant(name)
    before = desk(request)
    if tenant is None or not (before.is_operator or any(seat.tenant.id == tenant.id for seat in before.seats)):
        return None
    request.session[CHOSEN] = str(tenant.id)
    now = _look_up(request)
    request.desk = now  # type: ignore[attr-defined]  # as in desk()
    return now


def actor(request: HttpRequest) -> Actor:
    """The administrator as the audit names them; an operator where they hold no role of their own."""
    seat = desk(request).seat
    return _named(request, ActorKind.ADMINISTRATOR if seat is not None and seat.roles else ActorKind.OPERATOR)


def signed_in(request: HttpRequest) -> Actor:
    """The administrator as themselves, where no seat counts: at sign-in, and at what they change of their own account.
    It is told where they hold a role, and there they are no operator."""
    return _named(request, ActorKind.ADMINISTRATOR)


def _named(request: HttpRequest, kind: ActorKind) -> Actor:
    return Actor(
        kind,
        str(request.user),
        id=getattr(request.user, "pk", None),
        source=client_address(request),
        correlation=getattr(request, "correlation", ""),
    )


def clock() -> datetime:
    """The door's clock: what the portal's pages hand to operations as `now`."""
    return timezone.now()  # this is the door that reads it


def offered(of: Desk) -> list[Seat]:
    """What the switcher lists: the seats held by role and, for an operator, other tenants by name."""
    seats = list(of.seats)
    if of.is_operator:
        held = [seat.tenant.id for seat in seats]
        others = Tenant.objects.filter(is_active=True).exclude(id__in=held).order_by("name")[:OFFERED]
        seats += [Seat(tenant, ()) for tenant in others]
    return seats


def _look_up(request: HttpRequest) -> Desk:
    user: Any = request.user
    if not isinstance(user, Administrator) or not user.is_active or not user.is_verified():  # type: ignore[attr-defined]
        return Desk()
    held: dict[Tenant, list[Role]] = {}
    for row in (
        RoleAssignment.objects.filter(administrator=user, tenant__is_active=True)
        .select_related("tenant")
        .order_by("tenant__name", "tenant_id")
    ):
        if row.role in Role.values:
            held.setdefault(row.tenant, []).append(Role(row.role))
    order = list(Role)
    seats = tuple(Seat(tenant, tuple(sorted(roles, key=order.index))) for tenant, roles in held.items())
    return Desk(_sit(request, user, seats), seats, user.is_superuser)


def _sit(request: HttpRequest, user: Administrator, seats: tuple[Seat, ...]) -> Seat | None:
    chosen = request.session.get(CHOSEN)
    if chosen is None:
        return seats[0] if len(seats) == 1 else None  # with several, nobody should start in the wrong house
    for seat in seats:
        if str(seat.tenant.id) == chosen:
            return seat
    tenant = find_tenant(chosen) if user.is_superuser else None
    return Seat(tenant, ()) if tenant else None
