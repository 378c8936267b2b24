"""What an administrator signs in with: the password, and the sessions that hang on it.

Knows how one is made, changed and lost, and that this concerns every tenant where the administrator holds a role: each
history tells of it. A password is shown by who asked for it and written down nowhere. (R63, R64)
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from tenants import audit, budgets, second_factor
from tenants.audit import Actor
from tenants.budgets import Allowance
from tenants.everywhere import record_everywhere
from tenants.models import Administrator, Tenant
from tenants.refusals import Code, Refusal

FIRST_BACKUP_CODES: Final = 3
"""Enough to sign in and enrol an authenticator app; the portal then makes a full set."""

PASSWORD_TRIES: Final = 5
PASSWORD_TRIES_LAST: Final = timedelta(minutes=15)
"""Where the password is changed, who finds a session open could otherwise guess at it for twelve hours."""

# Read aloud and typed by hand: no letter that looks like another. 16 of 31 are 79 bits.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Credentials:
    """What a new or reset administrator signs in with. Shown once by who asked for it, stored nowhere as it stands."""

    administrator: Administrator
    password: str = field(repr=False)
    backup_codes: tuple[str, ...] = field(repr=False)


def take_password_try(administrator: Administrator) -> datetime | None:
    """Spend one try at the password inside the portal. Returns when the next ones come, if none is left."""
    return budgets.take([Allowance(_tries(administrator), PASSWORD_TRIES, PASSWORD_TRIES_LAST)])


def forget_password_tries(administrator: Administrator) -> None:
    """The password was right: the tries before it were slips."""
    budgets.clear([_tries(administrator)])


def change_password(*, administrator: Administrator, password: str, actor: Actor, now: datetime) -> None:
    """Set another password, which the door has validated; the sessions of other browsers end.

    Called outside any scope: every tenant where the administrator holds a role gets a line in its history.
    """
    with transaction.atomic():
        administrator.set_password(password)
        administrator.save(update_fields=["password"])
        record_everywhere(action="administrator.password_changed", administrator=administrator, actor=actor, now=now)


def choose_first_password(
    *, administrator: Administrator, password: str, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Set the first password of their own, as change_password() does, and make new backup codes, which are returned.

    Whoever made the password before has seen the codes made with it: none of those works from now on.
    """
    with transaction.atomic():
        administrator.set_password(password)
        administrator.must_change_password = False
        administrator.save(update_fields=["password", "must_change_password"])
        codes = second_factor.make_backup_codes(administrator=administrator)
        record_everywhere(action="administrator.backup_codes_made", administrator=administrator, actor=actor, now=now)
        record_everywhere(action="administrator.password_changed", administrator=administrator, actor=actor, now=now)
        return tuple(codes)


def sign_out_administrator(*, administrator: Administrator, actor: Actor, now: datetime) -> Administrator:
    """End every session of theirs, in every browser: what its owner asks for, or an operator.

    Called outside any scope: every tenant where the administrator holds a role gets a line in its history.
    """
    with transaction.atomic():
        begin_epoch(administrator)
        record_everywhere(
            action="administrator.signed_out_everywhere", administrator=administrator, actor=actor, now=now
        )
        return administrator


def sign_out_colleague(
    *, tenant: Tenant, administrator: Administrator, actor: Actor, now: datetime
) -> Administrator | Refusal:
    """End every session of somebody who works in this tenant alone. Inside its scope, whose history tells of it.

    Refuses an operator and who holds a role elsewhere: their sessions are not this tenant's to end.
    """
    if administrator.is_superuser or administrator.roles.exclude(tenant=tenant).exists():
        return Refusal(
            Code.INPUT,
            reason=f"{administrator.email} works outside {tenant.name} too, so only they or an operator end their "
            f"sessions. Remove them instead: then nothing of {tenant.name} opens for them at their next click.",
        )
    with transaction.atomic():
        begin_epoch(administrator)
        audit.record_of_administrator(
            administrator=administrator, action="administrator.signed_out_everywhere", actor=actor, at=now
        )
        return administrator


def renew_credentials(*, administrator: Administrator, actor: Actor, now: datetime) -> Credentials:
    """A new random password and three new backup codes; the old ones and all sessions end. The authenticator app stays.

    The password is for the next sign-in only. Called outside any scope: every tenant where the administrator holds a
    role gets a line in its history.
    """
    with transaction.atomic():
        renewed = _renewed(administrator)
        record_everywhere(action="administrator.credentials_renewed", administrator=administrator, actor=actor, now=now)
        return renewed


def recover_administrator(*, administrator: Administrator, actor: Actor, now: datetime) -> Credentials:
    """For who lost their device: as renew_credentials(), and the authenticator app is taken away too."""
    with transaction.atomic():
        second_factor.remove_authenticators(administrator=administrator)
        renewed = _renewed(administrator)
        record_everywhere(action="administrator.recovered", administrator=administrator, actor=actor, now=now)
        return renewed


def fresh_credentials(administrator: Administrator) -> Credentials:
    """Another random password and three other backup codes. Runs in the transaction of whoever tells of it."""
    password = _readable()
    administrator.set_password(password)
    administrator.save(update_fields=["password"])
    codes = second_factor.make_backup_codes(administrator=administrator, count=FIRST_BACKUP_CODES)
    return Credentials(administrator, password, tuple(codes))


def ask_for_another_password(administrator: Administrator) -> None:
    """The portal opens once they have chosen one: whoever made this one has seen it. In the caller's transaction."""
    administrator.must_change_password = True
    administrator.save(update_fields=["must_change_password"])


def _renewed(administrator: Administrator) -> Credentials:
    begin_epoch(administrator)
    made = fresh_credentials(administrator)
    ask_for_another_password(administrator)
    return made


def begin_epoch(administrator: Administrator) -> None:
    """Every session of theirs ends with the commit. In the caller's transaction."""
    Administrator.objects.filter(pk=administrator.pk).update(session_epoch=F("session_epoch") + 1)
    administrator.refresh_from_db(fields=["session_epoch"])


def _readable() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _tries(administrator: Administrator) -> str:
    return budgets.key("portal-password", administrator.pk)
