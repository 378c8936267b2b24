"""The portal's page on guests' domains: only these, or none of those, and whom that turns away (R53, R62).

Knows which pending guests would be refused when they come to redeem, shows them before anything is stored, and offers
to revoke their invitations in the same step. It must never touch a guest who has redeemed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html

from guests.admin.desk import inviter_of
from guests.admin.holders import RemedyPages, progress_url
from guests.admin.seen import Sight
from guests.models import Guest, Status
from guests.operations.batches.choosing import revoke_untaken
from guests.operations.foreseeing import LOOKED_AT, NAMED
from guests.rules import is_domain_taken
from tenants.addresses import shown_domain
from tenants.changing import NOT_BOTH, change_domain_lists, lists_version_of
from tenants.doors.admin import BoundedPaginator, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator
from tenants.forms import LinesField, read_domain
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.roles import Action

PAGE = "admin:guests_domain_lists"
SHOWN = 20
"""Domains that the page names before it only counts them."""


class DomainListsForm(forms.Form):
    """Two lists of which one is empty, and what to do with invitations that lead nowhere then."""

    NONE, REVOKE = "none", "revoke"

    allowed_domains = LinesField(
        read=read_domain,
        label="Only guests from",
        help_text="One domain a line. Empty: every domain that is not refused below.",
    )
    denied_domains = LinesField(
        read=read_domain,
        label="No guests from",
        help_text="One domain a line. A listed domain covers itself only, not what stands below it.",
    )
    remedy = forms.ChoiceField(
        choices=[(NONE, "Leave them"), (REVOKE, "Revoke them")],
        required=False,
        error_messages={"invalid_choice": "Choose whether to revoke the invitations or to leave them as they are."},
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("allowed_domains") and said.get("denied_domains"):
            raise forms.ValidationError(NOT_BOTH)
        return said

    @property
    def lists(self) -> tuple[list[str], list[str]]:
        return self.cleaned_data["allowed_domains"], self.cleaned_data["denied_domains"]


@dataclass(frozen=True)
class Turned:
    """Pending guests of one domain that would be, or is, refused at redemption."""

    domain: str
    count: int


@dataclass(frozen=True)
class Refused:
    """Pending guests by their domains, of the newest `looked_at`: who is refused now, and who would be then."""

    looked_at: int
    is_all: bool
    pending_shown: str
    before: int
    then: int
    fresh: int
    back: int
    domains: list[Turned]
    more: int
    named: list[Guest]


class DomainListsPage(RemedyPages):
    """The part of the redemption order's admin about guests' domains."""

    def domain_lists_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET shows the lists; the first Save shows whom they would turn away, the second one stores them."""
        tenant = Tenant.objects.get(pk=tenant_of(request).pk)
        stored = {"allowed_domains": tenant.allowed_domains, "denied_domains": tenant.denied_domains}
        if request.method != "POST":
            return self._show_lists(request, DomainListsForm(initial=stored), tenant)
        if not self.may(request, Action.SETTINGS_CHANGE):
            raise PermissionDenied
        form = DomainListsForm(request.POST)
        if not form.is_valid():
            return self._show_lists(request, form, tenant)
        if form.cleaned_data["remedy"] == form.REVOKE and not self.may(request, Action.INVITATIONS_REVOKE):
            raise PermissionDenied
        refused = _refused(tenant, form.lists)
        sight = Sight(json.dumps(form.lists), lists_version_of(tenant), (refused.then, refused.fresh))
        if form.lists == (tenant.allowed_domains, tenant.denied_domains) or sight.was_shown(request):
            answer = self._store_lists(request, form, tenant, clock())
            if answer is not None:
                return answer
        return self._show_lists(request, form, tenant, refused=refused, seen=sight.key)

    def _store_lists(
        self, request: HttpRequest, form: DomainListsForm, tenant: Tenant, now: datetime
    ) -> HttpResponseBase | None:
        allowed, denied = form.lists
        outcome = change_domain_lists(
            tenant=tenant,
            allowed=allowed,
            denied=denied,
            actor=actor(request),
            now=now,
            shown_version=lists_version_of(tenant),
        )
        if isinstance(outcome, Refusal):
            form.add_error(None, for_administrator(outcome))
            return None
        self.message_user(request, "The lists of domains are saved.")
        if form.cleaned_data["remedy"] != form.REVOKE:
            return redirect(PAGE)
        batch = revoke_untaken(tenant=outcome, inviter=inviter_of(request), actor=actor(request), now=now)
        if isinstance(batch, Refusal):
            self.message_user(request, for_administrator(batch), messages.WARNING)
            return redirect(PAGE)
        self.message_user(
            request,
            format_html('The invitations are being revoked. <a href="{}">Watch how far it is</a>', progress_url(batch)),
        )
        return redirect(progress_url(batch))

    def _show_lists(
        self,
        request: HttpRequest,
        form: DomainListsForm,
        tenant: Tenant,
        *,
        refused: Refused | None = None,
        seen: str = "",
    ) -> HttpResponseBase:
        is_open = self.may(request, Action.SETTINGS_CHANGE)
        for field in form.fields.values():
            field.disabled = not is_open
        return self.form_page(
            request,
            form,
            title="Guests’ domains",
            submit="Save" if is_open else "",
            fieldsets=[(None, {"fields": ["allowed_domains", "denied_domains"]})],
            template="admin/guests/domain_lists.html",
            lead="Asked when somebody is invited and again when they redeem. Who has redeemed is not affected.",
            refused=refused or _refused(tenant, (tenant.allowed_domains, tenant.denied_domains)),
            is_asked=refused is not None,
            seen=seen,
            remedy=form["remedy"].value() or form.NONE,
            may_revoke=self.may(request, Action.INVITATIONS_REVOKE),
        )


def _refused(tenant: Tenant, lists: tuple[list[str], list[str]]) -> Refused:
    """Who of the newest pending guests the tenant's lists refuse, and `lists` would. Four statements."""
    allowed, denied = (frozenset(one) for one in lists)
    allowed_now, denied_now = frozenset(tenant.allowed_domains), frozenset(tenant.denied_domains)
    pending = Guest.objects.filter(redemption_status=Status.PENDING, deleted_at__isnull=True)
    newest = pending.order_by("-created_at", "id")[:LOOKED_AT]
    counted: dict[str, int] = {}
    for domain in newest.values_list("domain", flat=True):
        counted[domain] = counted.get(domain, 0) + 1
    now = {one for one in counted if not is_domain_taken(one, allowed=allowed_now, denied=denied_now)}
    then = {one for one in counted if not is_domain_taken(one, allowed=allowed, denied=denied)}
    shown = sorted(then, key=lambda one: (-counted[one], one))
    first = Guest.objects.filter(pk__in=newest.values("pk"), domain__in=then - now or then)
    every = BoundedPaginator(pending.order_by("pk"), 1)
    return Refused(
        looked_at=sum(counted.values()),
        is_all=every.count <= LOOKED_AT,
        pending_shown=every.count_shown,
        before=sum(counted[one] for one in now),
        then=sum(counted[one] for one in then),
        fresh=sum(counted[one] for one in then - now),
        back=sum(counted[one] for one in now - then),
        domains=[Turned(shown_domain(one), counted[one]) for one in shown[:SHOWN]],
        more=max(len(shown) - SHOWN, 0),
        named=list(first.order_by("-created_at", "id")[:NAMED]) if then else [],
    )
