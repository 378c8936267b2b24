"""The portal's page on guests' domains: only these, or none of those, and whom that turns away (R53, R62).

Shows which pending guests would be refused when they come to redeem, before anything is stored, and offers to revoke
their invitations in the same step, or later. It must never touch a guest who has redeemed.
"""

from __future__ import annotations

import json
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
from guests.models import Batch
from guests.operations.remedying import change_domain_lists_and_revoke
from guests.operations.turning_away import TurnedAway, turned_away
from tenants.changing import NOT_BOTH, change_domain_lists, lists_version_of
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.forms import LinesField, read_domain
from tenants.models import Tenant
from tenants.roles import Action

PAGE = "admin:guests_domain_lists"

Lists = tuple[list[str], list[str]]
"""From which domains alone guests are taken, and from which they are not. One of them is empty."""


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
    def lists(self) -> Lists:
        return self.cleaned_data["allowed_domains"], self.cleaned_data["denied_domains"]


class DomainListsPage(RemedyPages):
    """The part of the redemption order's admin about guests' domains."""

    def domain_lists_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET shows the lists; the first Save shows whom they would turn away, the second one stores them.

        What revokes is done once its numbers were seen, also where the lists stay as they are.
        """
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
        is_same = form.lists == (tenant.allowed_domains, tenant.denied_domains)
        refused = _turned_away(tenant, form.lists)
        if (is_same and form.cleaned_data["remedy"] != form.REVOKE) or _sight(tenant, form.lists, refused).was_shown(
            request
        ):
            answer = self._store_lists(request, form, tenant, clock(), is_same=is_same)
            if answer is not None:
                return answer
        return self._show_lists(request, form, tenant, refused=refused, is_same=is_same)

    def _store_lists(
        self, request: HttpRequest, form: DomainListsForm, tenant: Tenant, now: datetime, *, is_same: bool
    ) -> HttpResponseBase | None:
        allowed, denied = form.lists
        change: dict[str, Any] = {
            "tenant": tenant,
            "allowed": allowed,
            "denied": denied,
            "actor": actor(request),
            "now": now,
            "shown_version": lists_version_of(tenant),
        }
        is_revoking = form.cleaned_data["remedy"] == form.REVOKE
        if is_revoking:
            outcome: object = change_domain_lists_and_revoke(inviter=inviter_of(request), **change)
        else:
            outcome = change_domain_lists(**change)
        if self.refused(outcome, form):
            return None
        if not (is_same and is_revoking):
            self.message_user(request, "The lists of domains are saved.")
        if outcome is None:
            self.message_user(request, "Guests of every domain are taken, so nothing was revoked.", messages.WARNING)
        if not isinstance(outcome, Batch):
            return redirect(PAGE)
        said = 'The invitations are being revoked. <a href="{}">Watch how far it is</a>'
        self.message_user(request, format_html(said, progress_url(outcome)))
        return redirect(progress_url(outcome))

    def _show_lists(
        self,
        request: HttpRequest,
        form: DomainListsForm,
        tenant: Tenant,
        *,
        refused: TurnedAway | None = None,
        is_same: bool = False,
    ) -> HttpResponseBase:
        """With `refused`, whom the form's lists would turn away: this page stands between two Saves.

        `is_same` says that these are the lists that are stored, and that a revocation alone was asked for.
        """
        lists = form.lists if refused else (tenant.allowed_domains, tenant.denied_domains)
        found = refused or _turned_away(tenant, lists)
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
            refused=found,
            is_asked=refused is not None and not is_same,
            is_revocation_asked=refused is not None and is_same and not form.errors,
            is_open=is_open,
            seen=_sight(tenant, lists, found).key,
            remedy=form["remedy"].value() or form.NONE,
            may_revoke=self.may(request, Action.INVITATIONS_REVOKE),
        )


def _turned_away(tenant: Tenant, lists: Lists) -> TurnedAway:
    return turned_away(tenant=tenant, allowed=lists[0], denied=lists[1])


def _sight(tenant: Tenant, lists: Lists, found: TurnedAway) -> Sight:
    return Sight(json.dumps(lists), lists_version_of(tenant), (found.then.count, found.fresh.count))
