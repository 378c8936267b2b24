"""What operators decide of an administrator's account: whose it is, whether it opens, whether it enters every tenant.

Knows that no tenant decides any of it, and that those where the administrator holds a role read of it. It must never
change a role, nor what somebody signs in with. (R63, R64)
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants.audit import Actor
from tenants.credentials import begin_epoch
from tenants.everywhere import record_everywhere
from tenants.models import Administrator
from tenants.refusals import Code, Refusal


def confirm_administrator(*, administrator: Administrator, actor: Actor, now: datetime) -> Administrator | Refusal:
    """From now on the account counts everywhere as the person's whose address it has; other tenants' offers open.

    Called outside any scope. Refuses who is confirmed already, and who never chose a password of their own: whoever
    made that one knows it.
    """
    with transaction.atomic():
        there = _locked(administrator)
        if there.is_confirmed:
            return _no(f"{there.email} is confirmed already.")
        if there.must_change_password:
            return _no(
                f"{there.email} has not chosen a password of their own yet, so whoever made it could come in. "
                "Confirm them once they have."
            )
        there.is_confirmed = True
        there.save(update_fields=["is_confirmed"])
        record_everywhere(action="administrator.confirmed", administrator=there, actor=actor, now=now)
        return there


def switch_off_administrator(*, administrator: Administrator, actor: Actor, now: datetime) -> Administrator | Refusal:
    """They cannot sign in any more, and every session of theirs ends; roles and second factor stay as they are.

    Called outside any scope. Takes a tenant's last Global Administrator, too: an account in the wrong hands does not
    wait. Refuses who is switched off already.
    """
    with transaction.atomic():
        there = _locked(administrator)
        if not there.is_active:
            return _no(f"{there.email} is switched off already.")
        there.is_active = False
        there.save(update_fields=["is_active"])
        begin_epoch(there)
        record_everywhere(action="administrator.switched_off", administrator=there, actor=actor, now=now)
        return there


def switch_on_administrator(*, administrator: Administrator, actor: Actor, now: datetime) -> Administrator | Refusal:
    """They may sign in again, with what they had. Called outside any scope. Refuses who is not switched off."""
    with transaction.atomic():
        there = _locked(administrator)
        if there.is_active:
            return _no(f"{there.email} is not switched off.")
        there.is_active = True
        there.save(update_fields=["is_active"])
        record_everywhere(action="administrator.switched_on", administrator=there, actor=actor, now=now)
        return there


def remove_operator(*, administrator: Administrator) -> Administrator | Refusal:
    """They enter no tenant any more but where they hold a role, from their next click on; the account stays.

    No tenant's history tells of it, as none tells who is an operator. Refuses who is none.
    """
    with transaction.atomic():
        there = _locked(administrator)
        if not there.is_superuser:
            return _no(f"{there.email} is no operator.")
        there.is_superuser = False
        there.save(update_fields=["is_superuser"])
        return there


def make_operator(*, administrator: Administrator) -> Administrator | Refusal:
    """Whose account it is may enter every tenant by choosing it, with the password and second factor that they have.

    No tenant's history tells of it. Refuses an operator, who is switched off, an account whose person nobody confirmed,
    and one whose password somebody else has seen.
    """
    with transaction.atomic():
        there = _locked(administrator)
        if there.is_superuser:
            return _no(f"{there.email} is an operator already.")
        if not there.is_active:
            return _no(f"{there.email} is switched off. Let them in again: manage.py switch_off_administrator --on")
        if not there.is_confirmed:
            return _no(
                f"No operator confirmed that this account is the person's of {there.email}. Ask the person, then: "
                f"manage.py confirm_administrator {there.email}"
            )
        if there.must_change_password:
            return _no(
                f"{there.email} has not chosen a password of their own yet, so whoever made it could come in. Once "
                "they have, they can become an operator."
            )
        there.is_superuser = True
        there.save(update_fields=["is_superuser"])
        return there


def is_last_operator(administrator: Administrator) -> bool:
    """Whether they are an operator and nobody else is, who has signed in for good and could again."""
    others = Administrator.objects.filter(is_superuser=True, is_active=True, must_change_password=False)
    return administrator.is_superuser and not others.exclude(pk=administrator.pk).exists()


def _locked(administrator: Administrator) -> Administrator:
    return Administrator.objects.select_for_update().get(pk=administrator.pk)


def _no(reason: str) -> Refusal:
    return Refusal(Code.INPUT, reason=reason)
