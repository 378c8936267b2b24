"""The administrator's own page: authenticator app, backup codes, sessions.

Knows how an app is enrolled by a QR code, also by who has only backup codes yet. A secret is on a page once, when it
was made by a press of a button; opening a page makes nothing. Neither factor is ever replaced by who has no more than
the open session: the password and a code are asked for again.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Protocol

import django_otp
import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from config import own_password
from config.sessions import ends_at
from config.sign_in import token
from tenants import second_factor
from tenants.credentials import sign_out_administrator
from tenants.doors.desk import clock, desk, signed_in
from tenants.doors.known_browsers import remember_browser
from tenants.doors.words import utc
from tenants.models import Administrator

Page = Callable[..., HttpResponseBase]


class Site(Protocol):
    """What these pages need of the portal's site."""

    def admin_view(self, view: Page, cacheable: bool = False) -> Any: ...

    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...


class CodeForm(forms.Form):
    """The first code of a new app."""

    code = forms.CharField(
        label="Code from the app",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "vTextField"}),
    )

    def clean_code(self) -> str:
        code = token(self.cleaned_data["code"])
        if len(code) != 6 or not code.isdecimal():
            raise forms.ValidationError("The app shows 6 digits.")
        return code


class ConfirmForm(forms.Form):
    """Password and code once more, before a second factor is replaced."""

    password = forms.CharField(
        label="Your password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "vTextField"}),
    )
    code = forms.CharField(
        label="Code from your authenticator",
        help_text="6 digits, or one of your backup codes.",
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "class": "vTextField"}
        ),
    )

    def __init__(self, administrator: Administrator, name: str, typed: Any = None) -> None:
        super().__init__(typed, auto_id=f"{name}-%s")  # two of them stand on one page
        self.administrator = administrator

    def clean(self) -> dict[str, Any]:
        """The code is asked about, and used up, only where the password is right."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        until = second_factor.take_confirmation(self.administrator)
        if until is not None:
            self.add_error("password", f"Too many tries. Try again from {utc(until)}.")
        elif not self.administrator.check_password(cleaned["password"]):
            self.add_error("password", "That is not your password.")
        elif not second_factor.use_code(administrator=self.administrator, code=token(cleaned["code"])):
            self.add_error("code", "That code did not work. Wait for the app’s next code, or type a backup code.")
        return cleaned


def urls(site: Site) -> list[URLPattern]:
    """The pages' addresses, behind both factors and outside any tenant: each of the owner's is told of a change."""

    def page(view: Page, *methods: str) -> Any:
        return site.admin_view(require_http_methods(list(methods))(view))

    def frame(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request, template, {**site.each_context(request), "title": title, "subtitle": None, **context}
        )

    def still_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Other browsers are known no more, as what they signed in with has changed; this one gave both factors."""
        remember_browser(request, response, _who(request))
        return response

    def account(request: HttpRequest) -> HttpResponse:
        return overview(request)

    def overview(request: HttpRequest, **refused: ConfirmForm) -> HttpResponse:
        who = _who(request)
        return frame(
            request,
            "admin/account.html",
            "Your account",
            app_form=refused.get("app_form") or ConfirmForm(who, "app"),
            codes_form=refused.get("codes_form") or ConfirmForm(who, "codes"),
            has_errors=bool(refused),
            has_authenticator=second_factor.has_authenticator(who),
            codes_left=second_factor.backup_codes_left(who),
            seat=desk(request).seat,
            ends_at=ends_at(request.session),
        )

    def begin(request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(_who(request), "app", request.POST)
        if not form.is_valid():
            return overview(request, app_form=form)
        second_factor.begin_authenticator(administrator=_who(request))
        return redirect("admin:authenticator")

    def authenticator(request: HttpRequest) -> HttpResponse:
        device = second_factor.unconfirmed_authenticator(_who(request))
        if device is None:
            return redirect("admin:account")
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            confirmed = second_factor.confirm_authenticator(
                administrator=_who(request),
                code=form.cleaned_data["code"],
                actor=signed_in(request),
                now=clock(),
            )
            if confirmed is not None:
                django_otp.login(request, confirmed)  # the app before is gone; this session goes on with the new one
                messages.success(request, "Your authenticator app is set up. Use its codes from now on.")
                return still_known(request, redirect("admin:account"))
            form.add_error("code", "That code did not work. Wait for the app’s next code and type that one.")
        key = device.config_url.partition("secret=")[2].partition("&")[0]
        grouped = " ".join(key[at : at + 4] for at in range(0, len(key), 4))
        return frame(request, "admin/authenticator.html", "Set up an authenticator app", form=form, key=grouped)

    def qr(request: HttpRequest) -> HttpResponse:
        device = second_factor.unconfirmed_authenticator(_who(request))
        if device is None:
            raise Http404("no app is being set up")
        drawn = io.BytesIO()
        segno.make(device.config_url, error="m").save(drawn, kind="svg", scale=5, border=4, light="#ffffff")
        return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")

    def backup_codes(request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(_who(request), "codes", request.POST)
        if not form.is_valid():
            return overview(request, codes_form=form)
        codes = second_factor.replace_backup_codes(administrator=_who(request), actor=signed_in(request), now=clock())
        shown = frame(request, "admin/backup_codes.html", "Your new backup codes", codes=codes)
        return still_known(request, shown)

    def sign_out_others(request: HttpRequest) -> HttpResponse:
        signed_out = sign_out_administrator(administrator=_who(request), actor=signed_in(request), now=clock())
        update_session_auth_hash(request, signed_out)  # this session goes on in the new epoch
        messages.success(request, "You are signed out everywhere else.")
        return still_known(request, redirect("admin:account"))

    return [
        path("account/", page(account, "GET"), name="account"),
        path("account/password/", site.admin_view(own_password.page(frame)), name=own_password.PAGE),
        path("account/sign-out-others/", page(sign_out_others, "POST"), name="sign_out_others"),
        path("account/authenticator/", page(authenticator, "GET", "POST"), name="authenticator"),
        path("account/authenticator/begin/", page(begin, "POST"), name="authenticator_begin"),
        path("account/authenticator/qr.svg", page(qr, "GET"), name="authenticator_qr"),
        path("account/backup-codes/", page(backup_codes, "POST"), name="backup_codes"),
    ]


def _who(request: HttpRequest) -> Administrator:
    if not isinstance(request.user, Administrator):
        raise Http404("nobody is signed in")  # unreachable behind admin_view; it tells mypy whose account it is
    return request.user
