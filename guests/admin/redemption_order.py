"""The portal's page on the redemption order: the tenant's own, and partner domains' over it (R31).

Knows how an order that is not saved yet is shown with what it would change (R62), and calls one operation to store it.
It never says what becomes of a guest: the decision does.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from guests.admin.domain_lists import DomainListsPage
from guests.admin.known_domains import KnownDomainsPage
from guests.admin.microsoft_account import MicrosoftAccountPage
from guests.admin.order_draft import Draft, posted_draft, stored_draft
from guests.admin.order_words import FALLBACKS, NAMES, asked_of, fallbacks_of
from guests.admin.passcode_switch import PasscodePage
from guests.admin.provider_domains import ProviderDomainsPage
from guests.admin.provider_impact import ProviderImpactPages
from guests.admin.seen import Sight
from guests.operations.foreseeing import Outlook, outlook, with_order
from providers.models import RedemptionOrder, RedemptionPolicy
from providers.operations import (
    allow_skipping,
    forbid_skipping,
    remove_redemption_order,
    set_redemption_order,
    settings_version,
)
from providers.rules import Fallback, Order
from tenants.addresses import AddressRefused, canonical_domain, shown_domain
from tenants.doors.admin import actor, clock
from tenants.roles import Action

LISTED = 200
"""Partner domains whose orders the page lists."""


@admin.register(RedemptionOrder)
class RedemptionOrderAdmin(
    PasscodePage, MicrosoftAccountPage, KnownDomainsPage, DomainListsPage, ProviderDomainsPage, ProviderImpactPages
):
    """One page for each order instead of a list of rows, and the pages beside it that say whom a change touches."""

    view_action = Action.PROVIDERS_VIEW
    list_title = "Redemption order"

    def get_urls(self) -> list[URLPattern]:
        """None of the stock pages: no row of these has a page of its own."""
        view, manage = Action.PROVIDERS_VIEW, Action.PROVIDERS_MANAGE
        return [
            path("", self.guarded(self.own_page, view), name="providers_redemptionorder_changelist"),
            path("partner/", self.guarded(self.partner_page, view), name="guests_partner_order"),
            path("partner/add/", self.guarded(require_POST(self.add_page), manage), name="guests_add_partner_order"),
            path("skipping/", self.guarded(require_POST(self.skipping_page), manage), name="guests_skipping"),
            path(
                "microsoft-account/",
                self.guarded(self.microsoft_account_page, view),
                name="guests_microsoft_account",
            ),
            path("email-passcode/", self.guarded(self.email_passcode_page, view), name="providers_email_passcode"),
            path(
                "email-passcode/guests.csv",
                self.guarded(require_GET(self.locked_out_csv), Action.GUESTS_VIEW),
                name="guests_passcode_csv",
            ),
            path(
                "guests-domains/",
                self.guarded(self.domain_lists_page, Action.SETTINGS_VIEW),
                name="guests_domain_lists",
            ),
            path("known-domains/", self.guarded(self.known_domains_page, view), name="guests_known_domains"),
            path(
                "provider/<uuid:provider_id>/remove/",
                self.guarded(self.remove_provider_page, manage),
                name="guests_remove_provider",
            ),
            path(
                "provider/<uuid:provider_id>/enable/",
                self.guarded(self.enable_provider_page, manage),
                name="guests_enable_provider",
            ),
            path(
                "provider/<uuid:provider_id>/disable/",
                self.guarded(self.disable_provider_page, manage),
                name="guests_disable_provider",
            ),
            path(
                "provider/<uuid:provider_id>/domains/",
                self.guarded(self.provider_domains_page, manage),
                name="guests_provider_domains",
            ),
            path("waiting/", self.guarded(self.waiting_page, Action.GUESTS_VIEW), name="guests_waiting"),
        ]

    # --- one order ----------------------------------------------------------------------------------------------

    def own_page(self, request: HttpRequest) -> HttpResponseBase:
        """The tenant's own order, and the list of partners' orders."""
        return self._order_page(request, "", forms.Form(request.POST if request.method == "POST" else None))

    def partner_page(self, request: HttpRequest) -> HttpResponseBase:
        """The order of `?domain=`, which may not be stored yet. 404 for what is no domain in its one form."""
        domain = request.GET.get("domain", "")
        try:
            is_one = canonical_domain(domain) == domain
        except AddressRefused:
            is_one = False
        if not is_one:
            raise Http404("a domain that is none")
        return self._order_page(request, domain, forms.Form(request.POST if request.method == "POST" else None))

    def add_page(self, request: HttpRequest) -> HttpResponseBase:
        """To the page of a partner's order: nothing is stored before Save."""
        try:
            domain = canonical_domain(request.POST.get("domain", ""))
        except AddressRefused as refused:
            return self._show(request, "", forms.Form(), adding=(request.POST.get("domain", ""), refused.reason))
        return redirect(_url(domain))

    def skipping_page(self, request: HttpRequest) -> HttpResponseBase:
        """Whether guests may say "I have no account there" (R34)."""
        answer = request.POST.get("is_allowed")
        if answer in ("yes", "no"):
            operation = allow_skipping if answer == "yes" else forbid_skipping
            operation(actor=actor(request), now=clock())
            may = "may" if answer == "yes" else "may not"
            self.message_user(request, f"Guests {may} say that they have no account there.")
        return redirect(_url(""))

    def _order_page(self, request: HttpRequest, domain: str, form: forms.Form) -> HttpResponseBase:
        if request.method != "POST":
            return self._show(request, domain, form)
        if not self.may(request, Action.PROVIDERS_MANAGE):
            raise PermissionDenied
        stored, above = _stored(domain)
        draft = posted_draft(request.POST, stored_draft(stored, above), above)
        is_same = draft == stored_draft(stored, above)
        is_asked = "_save" in request.POST
        sight = _sight(domain, draft, _outlook(domain, draft)) if is_asked and not is_same else None
        is_seen = is_asked and (sight is None or sight.was_shown(request))
        shown_version = sight.version if sight else ""
        if is_seen and form.is_valid() and self._is_saved(request, domain, draft, form, shown_version):
            return redirect(_url(domain) if domain and not draft.is_inherited else _url(""))
        return self._show(request, domain, form, draft=draft)

    def _is_saved(self, request: HttpRequest, domain: str, draft: Draft, form: forms.Form, shown_version: str) -> bool:
        whose = f"The order for {shown_domain(domain)}" if domain else "The redemption order"
        who: dict[str, Any] = {"actor": actor(request), "now": clock(), "shown_version": shown_version}
        if draft.is_inherited:
            outcome: object = remove_redemption_order(partner_domain=domain, **who)
            what = "is the tenant’s own now" if domain else "is the default one"
        else:
            outcome = set_redemption_order(order=draft.as_order(domain), **who)
            what = "is saved. It holds for new redemptions"
        if self.refused(outcome, form):
            return False
        self.message_user(request, f"{whose} {what}.")
        return True

    def _show(
        self,
        request: HttpRequest,
        domain: str,
        form: forms.Form,
        *,
        draft: Draft | None = None,
        adding: tuple[str, str] = ("", ""),
    ) -> HttpResponseBase:
        stored, above = _stored(domain)
        before = stored_draft(stored, above)
        shown = draft or before
        is_changed = shown != before
        then = _outlook(domain, shown) if is_changed else None
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        asked = asked_of()
        fallbacks = fallbacks_of(shown.fallback, policy)
        return self.page(
            request,
            "admin/guests/redemption_order.html",
            title=f"Redemption order for {shown_domain(domain)}" if domain else "Redemption order",
            domain=domain,
            form=form,
            errors=form.errors if form.is_bound else {},
            draft=shown,
            is_changed=is_changed,
            is_stored=stored is not None,
            primaries=[asked[one] for one in shown.primaries],
            left_out=[asked[one] for one in shown.left_out],
            fallbacks=fallbacks,
            outlook=then,
            are_codes_off=any(one["is_off"] for one in fallbacks if one["value"] == Fallback.PASSCODE.value),
            seen=_sight(domain, shown, then).key,
            may_set=self.may(request, Action.PROVIDERS_MANAGE),
            partners=[] if domain else _partners(),
            typed=adding[0][:300],
            typed_error=adding[1],
            is_skipping_allowed=policy.is_skipping_allowed,
            undo_url=_url(domain),
        )


def _url(domain: str) -> str:
    if not domain:
        return reverse("admin:providers_redemptionorder_changelist")
    return f"{reverse('admin:guests_partner_order')}?{urlencode({'domain': domain})}"


def _stored(domain: str) -> tuple[Order | None, Order]:
    """The order that is stored for the domain ("" for the tenant's own), if any, and the one that holds without it."""
    orders = {
        row.partner_domain: row.as_order() for row in RedemptionOrder.objects.filter(partner_domain__in=["", domain])
    }
    if not domain:
        return orders.get(""), Order()
    return orders.get(domain), orders.get("", Order())


def _outlook(domain: str, draft: Draft) -> Outlook:
    change = with_order(draft.as_order(domain))
    return outlook(change=change, now=clock(), domains={domain} if domain else None)


def _sight(domain: str, draft: Draft, then: Outlook | None) -> Sight:
    """What the page shows of this draft."""
    counts = (then.changed, then.stranded, then.failing) if then else (0, 0, 0)
    return Sight(f"order {domain} {draft.key}", settings_version(), counts)


def _partners() -> list[dict[str, str]]:
    rows = RedemptionOrder.objects.exclude(partner_domain="").order_by("partner_domain")[:LISTED]
    return [
        {
            "domain": shown_domain(row.partner_domain),
            "url": _url(row.partner_domain),
            "asked": ", ".join(NAMES[one] for one in row.as_order().primaries) or "Nothing is asked first",
            "fallback": FALLBACKS[row.as_order().fallback][0],
        }
        for row in rows
    ]
