"""The portal's pages on identity providers (R61): the two tabs, and the switch of the email one-time passcode.

Knows how the tenant's stored settings read to an administrator, and calls providers.operations. It never says what
becomes of a guest: the decision does.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from providers.connections import is_installed
from providers.forms import EmailPasscodeForm
from providers.kinds import BY_ID, CONSUMER_DOMAINS, KINDS
from providers.models import EmailPasscodePolicy, IdentityProvider, KnownAccountDomain, RedemptionPolicy
from providers.operations import set_email_passcode
from providers.rules import (
    METHOD_NAMES,
    QUESTIONS,
    VERDICT_WORDS,
    Method,
    PasscodeState,
    SignInFacts,
    Verdict,
    decide,
    headline,
    what_would_change_it,
)
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.roles import Action

SHOWN_DOMAINS = 2
"""Domains that a cell names before it only counts them."""

MARKS = {Verdict.USED: "ok", Verdict.APPLIES: "ok", Verdict.UNKNOWN: "wait", Verdict.REFUSED: "no"}
"""The status's class for a verdict; `off` for the others."""


@dataclass(frozen=True)
class Row:
    """One line of a tab, in words. `mark` is the status's class; `url_name` is the page that *Configured* leads to."""

    name: str
    under: str
    mark: str
    state: str
    domains: str
    url_name: str = ""


@admin.register(IdentityProvider)
class IdentityProviderAdmin(TenantModelAdmin):
    """Two tabs instead of a list of rows."""

    view_action = Action.PROVIDERS_VIEW
    list_title = "All identity providers"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("custom/", self.guarded(self.custom_tab, Action.PROVIDERS_VIEW), name="providers_custom"),
            path(
                "email-passcode/",
                self.guarded(self.email_passcode, Action.PROVIDERS_VIEW),
                name="providers_email_passcode",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The Built-in tab."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._tab(request, is_built_in=True, rows=_built_in_rows())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A provider has no page of its own yet: its line on the Custom tab says what there is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        self.get_object(request, object_id)
        return redirect("admin:providers_custom")

    def custom_tab(self, request: HttpRequest) -> HttpResponse:
        """The tenant's own providers."""
        return self._tab(request, is_built_in=False, rows=_custom_rows())

    def email_passcode(self, request: HttpRequest) -> HttpResponse:
        """Email one-time passcode for guests: Yes, No, Save (R6, R61)."""
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
            answer=form["is_on"].value(),
        )

    def _tab(self, request: HttpRequest, *, is_built_in: bool, rows: list[Row]) -> TemplateResponse:
        count = IdentityProvider.objects.count() if is_built_in else len(rows)
        return self.page(
            request,
            "admin/providers/identity_providers.html",
            title=self.list_title,
            is_built_in=is_built_in,
            rows=rows,
            custom_count=count,
        )


def explanation_context(facts: SignInFacts) -> dict[str, object]:
    """What admin/providers/explanation.html shows: the answer, the rules one by one, what would change it.

    For the page that knows guests and can therefore say what `facts.bound` is (R60).
    """
    decision = decide(facts)
    return {
        "headline": headline(decision),
        "rules": [
            {
                "question": QUESTIONS[reason.rule],
                "rule": reason.rule,
                "word": VERDICT_WORDS[reason.verdict],
                "mark": MARKS.get(reason.verdict, "off"),
                "is_match": reason.verdict in (Verdict.USED, Verdict.REFUSED),
                "is_after": reason.verdict is Verdict.NOT_REACHED,
                "sentence": reason.sentence,
            }
            for reason in decision.reasons
        ],
        "alternatives": [
            {"change": one.change, "method": METHOD_NAMES[one.method]} for one in what_would_change_it(facts)
        ],
    }


def _built_in_rows() -> list[Row]:
    policy = EmailPasscodePolicy.objects.first()
    redemption = RedemptionPolicy.objects.first()
    listed: dict[str, list[str]] = {}
    for kind, domain in KnownAccountDomain.objects.order_by("domain").values_list("kind", "domain"):
        listed.setdefault(kind, []).append(domain)
    passcodes = policy.passcode_state if policy else PasscodeState.DEFAULT
    is_microsoft_on = redemption is None or redemption.is_microsoft_account_enabled
    entra, microsoft, passcode = (kind for kind in KINDS if kind.is_built_in)
    return [
        Row(
            entra.name,
            "Work and school accounts",
            "ok" if is_installed(entra) else "off",
            "Configured" if is_installed(entra) else "Not set up on this installation",
            _domains(listed.get(Method.ENTRA_ID, [])) or "No domain is listed",
        ),
        Row(
            microsoft.name,
            "Personal accounts",
            "ok" if is_microsoft_on and is_installed(microsoft) else "off",
            ("Configured" if is_installed(microsoft) else "Not set up on this installation")
            if is_microsoft_on
            else "Disabled",
            _domains([*CONSUMER_DOMAINS, *listed.get(Method.MICROSOFT_ACCOUNT, [])]),
        ),
        Row(
            passcode.name,
            "For guests whom no other provider knows",
            "ok" if passcodes.is_on else "no",
            "On" if passcodes.is_on else "Off",
            "Every address",
            url_name="admin:providers_email_passcode",
        ),
    ]


def _custom_rows() -> list[Row]:
    rows = []
    for provider in IdentityProvider.objects.prefetch_related("domains").order_by("name"):
        kind = BY_ID.get(provider.kind)
        if not provider.is_enabled:
            mark, state = "off", "Switched off"
        elif kind is None:
            mark, state = "wait", "This version does not know it"
        else:
            mark, state = "ok", "On"
        domains = sorted(one.domain for one in provider.domains.all())
        rows.append(Row(provider.name, kind.name if kind else provider.kind, mark, state, _domains(domains) or "–"))
    return rows


def _domains(domains: list[str]) -> str:
    """`a.example, b.example and 3 more`."""
    if len(domains) <= SHOWN_DOMAINS + 1:
        return ", ".join(domains)
    return f"{', '.join(domains[:SHOWN_DOMAINS])} and {len(domains) - SHOWN_DOMAINS} more"
