"""An administrator's second factor: one authenticator app and single-use backup codes.

Knows how both are made and replaced. The app's secret and the codes are shown when they are made and never again; no
line of history holds them. (R63)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants import budgets
from tenants.audit import Actor
from tenants.budgets import Allowance
from tenants.everywhere import record_everywhere
from tenants.models import Administrator

BACKUP_CODES = 10
CONFIRMATIONS = 10
CONFIRMATIONS_LAST = timedelta(minutes=15)
"""As many tries as the door gives: a session left open must not be a place to guess the password."""

SETTING_UP_LASTS = timedelta(minutes=15)


def device_for(administrator: Administrator, code: str) -> Device | None:
    """The device that a code of this shape is for: six digits are an app's, the rest are backup codes.

    Locks it, so that two requests cannot use up one code: call it in a transaction.
    """
    kind = TOTPDevice if len(code) == 6 and code.isdecimal() else StaticDevice
    mine = kind.objects.filter(user=administrator, confirmed=True)
    return mine.select_for_update().order_by("id").first()


def take_confirmation(administrator: Administrator) -> datetime | None:
    """Spend one try at the password and a code inside the portal. Returns when the next ones come, if none is left."""
    return budgets.take([Allowance(_confirmations(administrator), CONFIRMATIONS, CONFIRMATIONS_LAST)])


def use_code(*, administrator: Administrator, code: str) -> bool:
    """Whether it is a code of the app or a backup code; it works once. A right one gives the tries back."""
    with transaction.atomic():
        device = device_for(administrator, code)
        if device is None or not device.verify_token(code):
            return False  # commits: the device keeps its count of wrong codes
        budgets.clear([_confirmations(administrator)])
        return True


def _confirmations(administrator: Administrator) -> str:
    return budgets.key("portal-confirm", administrator.pk)


def unconfirmed_authenticator(administrator: Administrator) -> TOTPDevice | None:
    """The app that is being set up, if any; one begun too long ago shows its secret to nobody any more."""
    return _begun(administrator).first()


def _begun(administrator: Administrator) -> QuerySet[TOTPDevice]:
    since = Now() - SETTING_UP_LASTS
    begun: QuerySet[TOTPDevice] = TOTPDevice.objects.filter(
        user=administrator, confirmed=False, created_at__gte=since
    ).order_by("-id")
    return begun


def begin_authenticator(*, administrator: Administrator) -> TOTPDevice:
    """Make a secret for an app that does not count before its first code was typed; an earlier attempt is dropped."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=administrator, confirmed=False).delete()
        device: TOTPDevice = TOTPDevice.objects.create(user=administrator, name="Authenticator app", confirmed=False)
        return device


def confirm_authenticator(*, administrator: Administrator, code: str, actor: Actor, now: datetime) -> TOTPDevice | None:
    """The app counts from now on and replaces the one before. None where the code is not right or came too quickly.

    Called outside any scope: every tenant where the administrator holds a role gets a line in its history.
    """
    with transaction.atomic():
        device: TOTPDevice | None = _begun(administrator).select_for_update().first()
        if device is None or not device.verify_token(code):
            return None
        TOTPDevice.objects.filter(user=administrator, confirmed=True).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        record_everywhere(action="administrator.authenticator_set", administrator=administrator, actor=actor, now=now)
        return device


def make_backup_codes(*, administrator: Administrator, count: int = BACKUP_CODES) -> list[str]:
    """Replace the administrator's backup codes; the earlier ones stop working. Writes no history: see below."""
    with transaction.atomic():
        # Its time of creation is that of its codes: what depends on the codes is void with them (made_at).
        device, _ = StaticDevice.objects.update_or_create(
            user=administrator, defaults={"created_at": Now()}, create_defaults={"name": "Backup codes"}
        )
        device.token_set.all().delete()
        codes = [StaticToken.random_token() for _ in range(count)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
        return codes


def replace_backup_codes(*, administrator: Administrator, actor: Actor, now: datetime) -> list[str]:
    """New backup codes, asked for by the administrator. Called outside any scope; told as a new app is."""
    with transaction.atomic():
        codes = make_backup_codes(administrator=administrator)
        record_everywhere(action="administrator.backup_codes_made", administrator=administrator, actor=actor, now=now)
        return codes


def remove_authenticators(*, administrator: Administrator) -> None:
    """Take the app away, and one that is being set up. Runs in the transaction of whoever tells of it."""
    TOTPDevice.objects.filter(user=administrator).delete()


def has_authenticator(administrator: Administrator) -> bool:
    return bool(TOTPDevice.objects.filter(user=administrator, confirmed=True).exists())


def backup_codes_left(administrator: Administrator) -> int:
    return int(StaticToken.objects.filter(device__user=administrator, device__confirmed=True).count())


def made_at(administrator: Administrator) -> str:
    """Which app and which set of backup codes the administrator has: another text after either was replaced.

    Using up a backup code does not change it.
    """
    apps = TOTPDevice.objects.filter(user=administrator, confirmed=True).order_by("id").values_list("id", "created_at")
    codes = StaticDevice.objects.filter(user=administrator).order_by("id").values_list("id", "created_at")
    return repr([(pk, at.isoformat() if at else "") for pk, at in (*apps, *codes)])
