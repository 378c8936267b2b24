"""Choosing a password of one's own, by choice or because somebody else made the one before.

Knows the page that such an administrator cannot pass, and how often the old password may be tried there; it is
answered with backup codes that nobody else has seen. It works outside any tenant: the change is told to every tenant
where they hold a role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants.credentials import change_password, choose_first_password, forget_password_tries, take_password_try
from tenants.doors.desk import clock, signed_in
from tenants.doors.known_browsers import remember_browser
from tenants.doors.words import for_administrator
from tenants.models import Administrator
from tenants.refusals import Code, Refusal

PAGE = "password_change"
"""The name of the page's address: the one that is open before the first password of one's own."""

SPENT = "Too many passwords were tried here. Trying earlier does not make the wait longer."


class OwnPasswordForm(AdminPasswordChangeForm):
    """The password so far, and twice the new one."""

    def clean_old_password(self) -> str:
        """A try is spent before the password is compared: five in a quarter of an hour, whatever browser asks."""
        until = take_password_try(self.user)
        if until is not None:
            raise forms.ValidationError(for_administrator(Refusal(Code.WAIT, until=until, reason=SPENT)))
        typed: str = super().clean_old_password()
        forget_password_tries(self.user)
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("old_password") and cleaned["old_password"] == cleaned.get("new_password1"):
            self.add_error("new_password1", "That is the password that you have now. Choose another one.")
        return cleaned


def page(frame: Callable[..., HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The page, in the frame that the portal's own pages have."""

    def password(request: HttpRequest) -> HttpResponse:
        who = request.user
        if not isinstance(who, Administrator):
            raise Http404("nobody is signed in")  # unreachable behind admin_view; it tells mypy whose page it is
        is_first = who.must_change_password
        form = OwnPasswordForm(who, request.POST or None)
        if request.method == "POST" and form.is_valid():
            typed = form.cleaned_data["new_password1"]
            changed = first(request, who, typed) if is_first else another(request, who, typed)
            remember_browser(request, changed, who)  # other browsers are known no more; this one gave both factors
            return changed
        title = "Choose your own password" if is_first else "Change your password"
        return frame(request, "admin/password.html", title, form=form, is_first=is_first)

    def first(request: HttpRequest, who: Administrator, typed: str) -> HttpResponse:
        codes = choose_first_password(administrator=who, password=typed, actor=signed_in(request), now=clock())
        update_session_auth_hash(request, who)
        return frame(
            request, "admin/backup_codes.html", "Your password and new backup codes", codes=codes, is_first=True
        )

    def another(request: HttpRequest, who: Administrator, typed: str) -> HttpResponse:
        change_password(administrator=who, password=typed, actor=signed_in(request), now=clock())
        update_session_auth_hash(request, who)
        messages.success(request, "Your password is changed. Other browsers have to sign in again.")
        return redirect("admin:account")

    return password
