"""What a fresh local stack has in it: two tenants, an administrator, an application, an invitation.

Knows the names of the document that the product follows. Every step makes only what is not there, so that it may run at
every start, and after one that was cut short. It writes nothing itself: it calls the operations that everybody calls.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeVar

from PIL import Image, ImageDraw

from applications.models import Application
from applications.operations import add_application, remove_application
from config.stack.demo_partner import DOMAIN, Registration, provider_for, sends_back_to
from guests.models import Guest, Status
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from guests.operations.summing import sum_up
from tenants.addresses import canonical
from tenants.administering import assign_role, create_administrator
from tenants.audit import Actor
from tenants.changing import Settings, change_settings
from tenants.credentials import Credentials
from tenants.directory import find_tenant
from tenants.models import Administrator, Tenant
from tenants.operations import create_tenant
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.showing import change_logo

FABRIKAM, CONTOSO = "fabrikam.example", "contoso.example"
ADMINISTRATOR, ADMINISTRATORS_NAME = "adele@fabrikam.example", "Adele Vance"
APPLICATION, APPLICATION_SAYS = "Expense reports", "Hand in receipts, see what has been paid."
TERMS = """1. Who may use this

Guests whom Fabrikam has invited, for the work that they were invited for.

2. What you see here

It belongs to Fabrikam. Do not pass it on to people who were not invited.

3. When it ends

Fabrikam may end your access at any time, and so may you."""


@dataclass(frozen=True)
class Invitee:
    """Somebody whom Fabrikam invites."""

    address: str
    name: str
    message: str


NICOLE = Invitee(
    "nicole@firstupconsultants.com",
    "Nicole Wagner",
    "Hello Nicole, please hand in the receipts of the Riga trip here. Ask me if anything is unclear.",
)
BERTIL = Invitee(
    f"bertil@{DOMAIN}",
    "Bertil Lind",
    "Hello Bertil, your travel costs go in here. You sign in as you do at home.",
)

Outcome = TypeVar("Outcome")
Invite = Callable[..., Invited | Refusal]
"""guests.operations.inviting.invite_guest, or invite_guest_by_mail where the mail stays on this machine."""


class DemonstrationRefused(Exception):
    """An operation refused what the demonstration asked of it; the text is its reason."""


@dataclass(frozen=True)
class Made:
    """What the card shows. What was there before has no password, no codes and no link: they stand nowhere.

    `partner_link` is the invitation of the partner's guest, `returns_to` where that provider sends people back.
    """

    email: str
    password: str = ""
    codes: tuple[str, ...] = ()
    invitation_link: str = ""
    partner_link: str = ""
    returns_to: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def furnish(*, origin: str, partner: Registration | None, invite: Invite, actor: Actor, now: datetime) -> Made:
    """Make what is missing. `origin` is where the demonstration application answers at this start.

    `partner` is the registration at the partner's provider, None where that one does not run.

    Called outside any scope. Raises DemonstrationRefused.
    """
    fabrikam = _tenant("Fabrikam", FABRIKAM, actor, now)
    contoso = _tenant("Contoso", CONTOSO, actor, now)
    with tenant_scope(fabrikam.id):
        if not fabrikam.colour:
            _give_face(fabrikam, actor, now)
        administrator, made = _administrator(fabrikam, actor, now)
        is_new_origin = _application(fabrikam, origin, actor, now)
        inviting = Inviting(fabrikam, administrator, origin, is_new_origin, invite, actor, now)
        link, partner_link, returns_to = _invitation(NICOLE, inviting), "", ""
        if partner is not None:
            provider = _done(provider_for(partner, actor=actor, now=now))
            partner_link, returns_to = _invitation(BERTIL, inviting), sends_back_to(provider, fabrikam)
    with tenant_scope(contoso.id):
        assign_role(tenant=contoso, administrator=administrator, role=Role.GLOBAL_ADMINISTRATOR, actor=actor, now=now)
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            sum_up(now=now)  # the first look at the dashboard comes before beat does
    password, codes = (made.password, made.backup_codes) if made else ("", ())
    return Made(administrator.email, password, codes, link, partner_link, returns_to)


def _tenant(name: str, domain: str, actor: Actor, now: datetime) -> Tenant:
    return find_tenant(domain) or _done(create_tenant(name=name, domain=domain, actor=actor, now=now))


def _give_face(tenant: Tenant, actor: Actor, now: datetime) -> None:
    """Colour, privacy statement and terms of use."""
    settings = Settings(
        name=tenant.name,
        privacy_statement_url=f"https://{FABRIKAM}/privacy",
        terms_text=TERMS,
        colour="#274690",
        sender_name=tenant.sender_name,
        passcode_minutes=tenant.passcode_minutes,
        invitation_days=tenant.invitation_days,
        landing_origins=tenant.landing_origins,
        who_may_invite=tenant.who_may_invite,
    )
    _done(change_settings(tenant=tenant, settings=settings, actor=actor, now=now))
    _done(change_logo(tenant=tenant, content=_logo(settings.colour), actor=actor, now=now))


def _logo(colour: str) -> bytes:
    """A made-up mark: three bars, as a roll of cloth."""
    picture = Image.new("RGBA", (160, 160))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, 159, 159), radius=28, fill=colour)
    for bar, width in enumerate((88, 64, 40)):
        pen.rounded_rectangle((36, 36 + bar * 32, 36 + width, 56 + bar * 32), radius=10, fill="white")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _administrator(tenant: Tenant, actor: Actor, now: datetime) -> tuple[Administrator, Credentials | None]:
    there = Administrator.objects.filter(email=ADMINISTRATOR).first()
    if there is not None:
        return there, None
    made = _done(
        create_administrator(
            tenant=tenant,
            email=ADMINISTRATOR,
            name=ADMINISTRATORS_NAME,
            roles=[Role.GLOBAL_ADMINISTRATOR],
            actor=actor,
            now=now,
        )
    )
    return made.administrator, made


def _application(tenant: Tenant, origin: str, actor: Actor, now: datetime) -> bool:
    """Whether it had to be shared anew, because it answers at another port than before."""
    there = Application.objects.filter(name=APPLICATION).first()
    if there is not None and there.url.startswith(f"{origin}/"):
        return False
    if there is not None:
        remove_application(application_id=there.id, actor=actor, now=now)
    _done(
        add_application(
            tenant=tenant, name=APPLICATION, description=APPLICATION_SAYS, url=f"{origin}/", actor=actor, now=now
        )
    )
    return True


@dataclass(frozen=True)
class Inviting:
    """How everybody is invited at this start. `is_new_origin`: the application answers elsewhere than before."""

    tenant: Tenant
    administrator: Administrator
    origin: str
    is_new_origin: bool
    invite: Invite
    actor: Actor
    now: datetime


def _invitation(whom: Invitee, how: Inviting) -> str:
    """The link, where one was made or had to be led elsewhere; "" where there is nothing to do."""
    address, invite = canonical(whom.address), how.invite
    guest = Guest.objects.filter(address_key=address.key).first()
    if guest is not None:
        if not how.is_new_origin or guest.redemption_status != Status.PENDING or guest.deleted_at is not None:
            return ""
        invite = invite_guest
    invited = invite(
        tenant=how.tenant,
        address=address,
        details=Details(
            name=whom.name,
            redirect_url=f"{how.origin}/",
            resource_name=APPLICATION,
            message=whom.message,
            language="en",
        ),
        inviter=Inviter(how.administrator.name, how.administrator.email, how.administrator.pk),
        actor=how.actor,
        now=how.now,
    )
    return _done(invited).link


def _done(outcome: Outcome | Refusal) -> Outcome:
    if isinstance(outcome, Refusal):
        raise DemonstrationRefused(outcome.reason)
    return outcome
