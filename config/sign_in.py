"""How an administrator signs in.

Knows the form that takes both factors at once, the name and the network under which wrong tries are counted, and the
page for who typed too many. Every refusal of the form is one sentence: which of the three was wrong would tell a thief
what he has.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django import forms
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_otp.admin import OTPAdminAuthenticationForm

from tenants import budgets
from tenants.audit import Actor, ActorKind
from tenants.budgets import Allowance
from tenants.doors.desk import clock
from tenants.doors.known_browsers import Known, known_as
from tenants.doors.words import utc
from tenants.refused_visits import record_refused_sign_in
from tenants.second_factor import device_for
from tenants.source import client_address, is_exempt, network_key

WRONG = (
    "The email, the password or the code is not right. After a wrong code, wait before you try again: "
    "1 second, then 2, then 4, and so on."
)

TRIES_PER_NETWORK = 20
TRIES_LAST = timedelta(minutes=10)
"""Every try costs a slow hash, whatever name is typed; a right one is given back. A browser that is known for the
administrator has as many of its own, so that strangers in the same network cannot spend them."""

NOBODYS_NETWORK = IPv6Network("100::/64")
"""Where django-axes counts known browsers. No client comes from there: its packets are discarded (RFC 6666)."""


def token(typed: str) -> str:
    """The code as its device keeps it: no spaces or dashes, lower case."""
    return "".join(typed.split()).replace("-", "").lower()


class LoginForm(OTPAdminAuthenticationForm):  # type: ignore[misc]  # django-otp has no types
    """Email, password and code on one page; the code's shape says which device it is for."""

    otp_device = None
    otp_challenge = None
    otp_token = forms.CharField(
        label="Code from your authenticator",
        help_text="6 digits, or one of your backup codes.",
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "one-time-code", "autocapitalize": "none"}),
    )
    error_messages = {"invalid_login": WRONG, "inactive": WRONG}  # Django reads it so

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        email = self.fields["username"]
        email.label = "Email"
        email.widget = forms.EmailInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none", "maxlength": 254}
        )

    def clean(self) -> dict[str, Any]:
        """Ask about the password only when a code was typed, else an empty code would tell whether it was right."""
        if self.errors:  # without all three nothing was tried
            return self.cleaned_data  # type: ignore[no-any-return]  # as above
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError:
            record_refused_sign_in(
                email=counted_name(self.request) or "",
                is_paused=getattr(self.request, "axes_locked_out", False),
                actor=stranger(self.request),
                now=clock(),
            )
            raise
        return cleaned

    def clean_otp(self, user: Any) -> None:
        try:
            super().clean_otp(user)
        except forms.ValidationError:
            # As a wrong password is: were it not counted, the tries until the pause would tell that it is right.
            AxesProxyHandler.user_login_failed(
                sender=type(self), credentials={"username": self.cleaned_data["username"]}, request=self.request
            )
            raise forms.ValidationError(WRONG, code="invalid_login") from None

    def clean_otp_token(self) -> str:
        return token(self.cleaned_data["otp_token"])

    def _chosen_device(self, user: Any) -> Any:
        return device_for(user, self.cleaned_data.get("otp_token") or "")

    def _update_form(self, user: Any) -> None:
        """Nothing: the stock one would write the password back into the page."""


def stranger(request: HttpRequest) -> Actor:
    """Who typed something wrong, as the audit names them: by the network's address alone."""
    return Actor(ActorKind.STRANGER, source=client_address(request), correlation=getattr(request, "correlation", ""))


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """Whom a wrong password is counted for: one name however it is written, else capitals would buy more tries."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return str(name).strip().lower()[:254] if name else None


def counted_network(request: HttpRequest) -> str:
    """Where a wrong password is counted: the network's first address, as within a /64 anybody may take any address.

    A known browser is counted in a place of its own, which django-axes keeps as an address.
    """
    known = known_browser(request)
    if known is not None:
        place = hashlib.sha256(known.browser.encode()).digest()[:8]
        return str(IPv6Address(int(NOBODYS_NETWORK.network_address) + int.from_bytes(place, "big")))
    return network_key(client_address(request)).partition("/")[0]


def known_browser(request: HttpRequest) -> Known | None:
    """What makes this browser known for the name that is typed, if it is. Looked up once for a request."""
    if not hasattr(request, "known_browser"):
        setattr(request, "known_browser", known_as(request, counted_name(request) or ""))  # noqa: B010  # not Django's
    found: Known | None = request.known_browser  # type: ignore[attr-defined]
    return found


def take_try(request: HttpRequest) -> datetime | None:
    """Spend one of the network's tries, before a password is hashed. Returns when new ones come, if none is left.

    A known browser spends its own. Networks that the operator exempted from the limits per source have no such limit
    here either. (R17)
    """
    if _is_unlimited(request):
        return None
    return budgets.take([Allowance(_tries(request), TRIES_PER_NETWORK, TRIES_LAST)])


def give_try_back(request: HttpRequest) -> None:
    """Both factors were right: a house with many administrators behind one address does not run out."""
    if not _is_unlimited(request):
        budgets.give_back([_tries(request)])


def _is_unlimited(request: HttpRequest) -> bool:
    return known_browser(request) is None and is_exempt(client_address(request))


def _tries(request: HttpRequest) -> str:
    known = known_browser(request)
    if known is not None:
        return budgets.key("portal-tries-known", known.administrator_id, known.browser)
    return budgets.key("portal-tries", network_key(client_address(request)))


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The page for who typed too many wrong passwords: until when, by the clock; trying does not move it."""
    return _wait(request, _ends(request, credentials), f"this email {_place(request)}")


def network_locked_out(request: HttpRequest, until: datetime) -> HttpResponse:
    """The page for a network that tried too often, whichever names it typed, or for a known browser that did."""
    return _wait(request, until, f"{'this email' if known_browser(request) else 'emails'} {_place(request)}")


def _place(request: HttpRequest) -> str:
    return "in this browser" if known_browser(request) else "from your network"


def _wait(request: HttpRequest, until: datetime, tried: str) -> HttpResponse:
    page = render(request, "admin/locked_out.html", {"until": utc(until), "tried": tried}, status=429)
    page.headers["Retry-After"] = str(max(1, math.ceil((until - clock()).total_seconds())))
    return page


def _ends(request: HttpRequest, credentials: Mapping[str, Any] | None) -> datetime:
    last: datetime | None = AccessAttempt.objects.filter(
        username=counted_name(request, credentials), ip_address=counted_network(request)
    ).aggregate(last=Max("attempt_time"))["last"]
    cool_off: timedelta = get_cool_off(request)
    return (last or clock()) + cool_off
