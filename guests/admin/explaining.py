"""Explain sign-in: an address in, the decision with every rule's verdict out (R60).

Knows how an explanation reads to an administrator. It sends nothing, tells the person nothing and changes nothing; the
address is posted, so that it stands in no address bar and in no log.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from guests.models import Guest, Source
from guests.operations.explaining import Explanation, explain_sign_in
from providers.admin import explanation_context
from providers.forms import ExplainForm
from providers.rules import Setting
from tenants.addresses import Address, canonical
from tenants.doors.admin import TenantModelAdmin, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import shown_time
from tenants.models import Tenant
from tenants.roles import Action


class ExplainPages(TenantModelAdmin):
    """The part of the guests' admin that explains."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.explain_page, Action.SIGN_IN_EXPLAIN)
        return [path("explain/", page, name="guests_explain"), *super().get_urls()]

    def explain_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET asks, or explains the guest of `?guest=`; POST explains what was typed."""
        form, address = ExplainForm(), self._of_guest(request)
        if request.method == "POST":
            form = ExplainForm(request.POST)
            address = form.cleaned_data["address"] if form.is_valid() else None
        elif address is not None:
            form = ExplainForm(initial={"address": address.to_send})
        found = None if address is None else explain_sign_in(tenant=tenant_of(request), address=address, now=clock())
        deleted = reverse("admin:guests_deleted") if self.may(request, Action.GUESTS_VIEW) else ""
        return self.page(
            request,
            "admin/guests/explain.html",
            title="Explain sign-in",
            form=form,
            errors=form.errors,
            found=found,
            who="" if found is None else who(tenant_of(request), found, deleted_url=deleted),
            **({} if found is None else self._shown(request, found)),
        )

    def _shown(self, request: HttpRequest, found: Explanation) -> dict[str, object]:
        return explanation_context(
            headline=found.headline,
            rows=found.rows,
            alternatives=found.alternatives,
            urls=self._urls(request, found),
        )

    def _urls(self, request: HttpRequest, found: Explanation) -> dict[Setting, str]:
        """The pages where this administrator may change what decides."""
        guest, domain = found.guest, urlencode({"domain": found.facts.domain})
        pages = [
            (Setting.PASSCODES, Action.PROVIDERS_VIEW, reverse("admin:providers_email_passcode")),
            (Setting.MICROSOFT_ACCOUNT, Action.PROVIDERS_VIEW, reverse("admin:guests_microsoft_account")),
            (Setting.FEDERATION, Action.PROVIDERS_VIEW, reverse("admin:providers_custom")),
            (Setting.GUEST_DOMAINS, Action.SETTINGS_VIEW, reverse("admin:guests_domain_lists")),
            (Setting.KNOWN_DOMAINS, Action.PROVIDERS_VIEW, f"{reverse('admin:guests_known_domains')}?{domain}"),
        ]
        if guest is not None:
            reset = f"{reverse('admin:guests_reset')}?{urlencode({'id': str(guest.pk)})}"
            page = reverse("admin:guests_guest_change", args=[guest.pk])
            pages += [
                (Setting.REDEMPTION, Action.GUESTS_RESET, reset),
                (Setting.BLOCK, Action.GUESTS_BLOCK, page),
                (Setting.PAUSE, Action.GUESTS_RESET, page),
            ]
        return {setting: url for setting, action, url in pages if self.may(request, action)}

    def _of_guest(self, request: HttpRequest) -> Address | None:
        """The address of the guest that the page was opened for. 404 for nobody of this tenant."""
        if "guest" not in request.GET:
            return None
        guest: Guest = self.get_object(request, str(_id(request.GET["guest"])))
        return canonical(guest.address)


def who(tenant: Tenant, found: Explanation, *, deleted_url: str = "") -> SafeString:
    """What the person is to the tenant, in a sentence. `deleted_url` is the list of deleted guests, "" for who may not
    see it."""
    guest = found.guest
    if guest is None:
        return _who_is_not_here(tenant, found, deleted_url)
    came = "signed up on {}" if guest.source == Source.SELF_SERVICE else "invited on {}"
    way = [format_html(came, shown_time(guest.created_at, "j F Y"))]
    if guest.sponsor_name:
        way = [format_html("{} by {}", way[0], guest.sponsor_name)]
    if guest.link_opened_at:
        way.append(format_html("link opened on {}", shown_time(guest.link_opened_at, "j F Y")))
    if guest.has_accepted:
        way.append(SafeString("redeemed"))
        if guest.last_sign_in_at:
            way.append(format_html("last signed in on {}", shown_time(guest.last_sign_in_at, "j F Y, H:i")))
    else:
        way.append(SafeString("not redeemed"))
    kind = "guest" if guest.has_accepted else "pending guest"
    return format_html(
        "<strong>{}</strong> is a {} of {}: {}.", found.address.key, kind, tenant.name, SafeString(", ".join(way))
    )


def _who_is_not_here(tenant: Tenant, found: Explanation, deleted_url: str) -> SafeString:
    if found.former is None:
        words = "<strong>{}</strong> is a stranger to {}: nobody has invited this address."
        return format_html(words, found.address.key, tenant.name)
    went = "left" if found.former.has_left else "deleted"
    on = shown_time(found.former.guest.deleted_at, "j F Y")
    words = "<strong>{}</strong> is no guest of {} any more: {} on {}."
    said = format_html(words, found.address.key, tenant.name, went, on)
    if not deleted_url:
        return said
    return format_html('{} They are among the <a href="{}">deleted guests</a>.', said, deleted_url)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's
