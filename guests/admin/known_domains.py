"""The portal's page on domains whose addresses have accounts: Entra ID's and the Microsoft account's lists (R34).

Knows how many domains are read out of what was typed, with a verdict for each, and shows whom they touch before
anything is listed (R62). It never decides what a domain is: the canonicaliser does (R70).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from guests.admin.seen import Sight
from guests.operations.foreseeing import Change, Outlook, outlook
from guests.operations.supposing import with_known_domains
from providers.models import KnownAccountDomain
from providers.operations import add_known_account_domain, remove_known_account_domain, settings_version
from providers.rules import Method
from tenants.addresses import AddressRefused, canonical_domain, shown_domain
from tenants.doors.admin import BoundedPaginator, TenantModelAdmin, actor, clock
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal
from tenants.roles import Action

MOST = 500
"""Domains in one go: each is an operation of its own."""

LONGEST = 30_000
"""Characters that the field takes: 500 domains of the length that domains have."""

LISTED = 200
"""Domains of a list that the page shows."""

Kind = KnownAccountDomain.Kind


@dataclass(frozen=True)
class Verdict:
    """What is or would be done with one domain. `mark` is the status's class."""

    domain: str
    mark: str
    words: str
    under: str = ""


class KnownDomainsForm(forms.Form):
    """Domains, the list that they belong to, and whether they come or go."""

    ADD, REMOVE = "add", "remove"

    domains = forms.CharField(
        max_length=LONGEST,
        error_messages={
            "required": "Enter at least one domain, such as contoso.com.",
            "max_length": f"This is too long. Enter fewer than {MOST} domains at a time.",
        },
    )
    kind = forms.ChoiceField(
        choices=Kind.choices, error_messages={"required": "Choose a list.", "invalid_choice": "Choose a list."}
    )
    deed = forms.ChoiceField(
        choices=[(ADD, "Add"), (REMOVE, "Remove")],
        error_messages={"required": "Choose Add or Remove.", "invalid_choice": "Choose Add or Remove."},
    )

    def clean_domains(self) -> list[str]:
        """What was typed, parted at spaces, commas and semicolons, each once."""
        typed = list(dict.fromkeys(one for one in re.split(r"[\s,;]+", self.cleaned_data["domains"]) if one))
        if not typed:
            raise forms.ValidationError("Enter at least one domain, such as contoso.com.")
        if len(typed) > MOST:
            raise forms.ValidationError(f"These are {len(typed)} domains. Enter at most {MOST} at a time.")
        return typed


@dataclass(frozen=True)
class Plan:
    """What was typed, read: domains in their one form, and those that are none with the reason."""

    kind: Kind
    is_removal: bool
    taken: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The same for the same plan: what the form says that its reader has seen the effect of."""
        said = f"{self.kind.value}|{self.is_removal}|{','.join(self.taken)}"
        return sha256(said.encode()).hexdigest()  # the domains themselves would take the form's room twice

    def change(self) -> Change:
        """The facts when this is done."""
        if self.is_removal:
            return with_known_domains(self.kind, removed=self.taken)
        return with_known_domains(self.kind, added=self.taken)


class KnownDomainsPage(TenantModelAdmin):
    """The part of the redemption order's admin about the lists of domains."""

    def known_domains_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET lists; POST shows verdicts and effect first, and does it when they have been seen."""
        if request.method != "POST":
            return self._show_known(request, KnownDomainsForm(initial=_asked_for(request)))
        if not self.may(request, Action.PROVIDERS_MANAGE):
            raise PermissionDenied
        form = KnownDomainsForm(request.POST)
        if not form.is_valid():
            return self._show_known(request, form)
        plan = _plan(form)
        then = outlook(change=plan.change(), now=clock(), domains=plan.taken)
        sight = Sight(plan.key, settings_version(), (then.changed,))
        if "_save" in request.POST and sight.was_shown(request):
            return self._show_known(request, KnownDomainsForm(), done=self._carried_out(request, plan))
        return self._show_known(request, form, plan=plan, then=then, seen=sight.key)

    def _carried_out(self, request: HttpRequest, plan: Plan) -> list[Verdict]:
        now = clock()
        done = [self._one(request, plan, domain, now) for domain in plan.taken]
        return [*done, *_refused(plan)]

    def _one(self, request: HttpRequest, plan: Plan, domain: str, now: datetime) -> Verdict:
        who = actor(request)
        if plan.is_removal:
            gone = remove_known_account_domain(domain=domain, kind=plan.kind, actor=who, now=now)
            return Verdict(shown_domain(domain), *(("ok", "Removed") if gone.is_change else ("off", "Was not listed")))
        outcome = add_known_account_domain(domain=domain, kind=plan.kind, actor=who, now=now)
        if isinstance(outcome, Refusal):
            return Verdict(domain, "no", "Not added", for_administrator(outcome))
        return Verdict(shown_domain(domain), *(("ok", "Added") if outcome.is_change else ("off", "Listed already")))

    def _show_known(
        self,
        request: HttpRequest,
        form: KnownDomainsForm,
        *,
        plan: Plan | None = None,
        then: Outlook | None = None,
        seen: str = "",
        done: list[Verdict] | None = None,
    ) -> HttpResponseBase:
        return self.page(
            request,
            "admin/guests/known_domains.html",
            title="Domains with accounts",
            form=form,
            errors=form.errors if form.is_bound else {},
            kind=form["kind"].value() or Kind.ENTRA_ID.value,
            deed=form["deed"].value() or KnownDomainsForm.ADD,
            kinds=Kind.choices,
            typed=form["domains"].value() or "",
            plan=plan,
            planned=_planned(plan) if plan else [],
            outlook=then,
            seen=seen,
            done=done,
            lists=[_list_of(kind) for kind in Kind],
            may_set=self.may(request, Action.PROVIDERS_MANAGE),
            most=MOST,
        )


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """The list that a link names, if it names one."""
    kind = request.GET.get("kind", "")
    return {"kind": kind} if kind in Kind.values else {}


def _plan(form: KnownDomainsForm) -> Plan:
    said = form.cleaned_data
    taken, refused = dict[str, None](), list[tuple[str, str]]()
    for typed in said["domains"]:
        try:
            taken[canonical_domain(typed.lstrip("@"))] = None
        except AddressRefused as why:
            refused.append((typed, why.reason))
    return Plan(Kind(said["kind"]), said["deed"] == KnownDomainsForm.REMOVE, tuple(taken), tuple(refused))


def _planned(plan: Plan) -> list[Verdict]:
    listed = set(
        KnownAccountDomain.objects.filter(kind=plan.kind, domain__in=plan.taken).values_list("domain", flat=True)
    )
    return [*(_verdict(plan, domain, domain in listed) for domain in plan.taken), *_refused(plan)]


def _verdict(plan: Plan, domain: str, is_listed: bool) -> Verdict:
    if plan.is_removal:
        return Verdict(shown_domain(domain), *(("wait", "Will be removed") if is_listed else ("off", "Is not listed")))
    return Verdict(shown_domain(domain), *(("off", "Listed already") if is_listed else ("wait", "Will be added")))


def _refused(plan: Plan) -> Iterable[Verdict]:
    return (Verdict(typed[:100], "no", "Not a domain", why) for typed, why in plan.refused)


def _list_of(kind: Kind) -> dict[str, object]:
    rows = KnownAccountDomain.objects.filter(kind=kind)
    counted = BoundedPaginator(rows.order_by("pk"), 1)
    shown = list(rows.order_by("domain").values_list("domain", flat=True)[:LISTED])
    return {
        "kind": kind.value,
        "name": kind.label,
        "count": counted.count_shown,
        "is_more": counted.count > len(shown),
        "domains": [{"value": one, "shown": shown_domain(one)} for one in shown],
        "note": "Microsoft’s own consumer domains, such as outlook.com, need not be listed."
        if kind.value == Method.MICROSOFT_ACCOUNT
        else "",
    }
