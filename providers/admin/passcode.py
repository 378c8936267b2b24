"""The page of the email one-time passcode: Yes, No, Save (R6, R61)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from providers.connections import is_installed
from providers.forms import EmailPasscodeForm
from providers.kinds import BY_ID
from providers.models import EmailPasscodePolicy
from providers.operations import set_email_passcode
from providers.rules import Method, PasscodeState
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.roles import Action


class PasscodePage(TenantModelAdmin):
    """Email one-time passcode for guests."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.email_passcode, Action.PROVIDERS_VIEW)
        return [path("email-passcode/", page, name="providers_email_passcode"), *super().get_urls()]

    def email_passcode(self, request: HttpRequest) -> HttpResponse:
        """GET shows what is stored; POST stores the answer."""
        may_set = self.may(request, Action.PASSCODES_SET_POLICY)
        policy = EmailPasscodePolicy.objects.first()
        stored = policy.passcode_state if policy else PasscodeState.DEFAULT
        form = EmailPasscodeForm(initial={"is_on": EmailPasscodeForm.YES if stored.is_on else EmailPasscodeForm.NO})
        if request.method == "POST":
            if not may_set:
                raise PermissionDenied
            form = EmailPasscodeForm(request.POST)
            if form.is_valid():
                outcome = set_email_passcode(state=form.state(), actor=actor(request), now=clock())
                if not self.refused(outcome, form):
                    word = "on" if form.state().is_on else "off"
                    self.message_user(request, f"Email one-time passcode for guests is {word}.")
                    return redirect("admin:providers_email_passcode")
        return self.page(
            request,
            "admin/providers/email_passcode.html",
            title="Email one-time passcode",
            form=form,
            errors=form.errors,
            may_set=may_set,
            is_on=stored.is_on,
            is_default=stored is PasscodeState.DEFAULT,
            is_last=not is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]),
            answer=form["is_on"].value(),
        )
