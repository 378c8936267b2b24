"""Explain sign-in: an address in, the decision with every rule's verdict out (R60).

Knows how an explanation reads to an administrator. It sends nothing, tells the person nothing and changes nothing; the
address is posted, so that it stands in no address bar and in no log.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from guests.models import Guest
from guests.operations.explaining import Explanation, explain_sign_in
from providers.admin import explanation_context
from providers.forms import ExplainForm
from tenants.addresses import Address, canonical
from tenants.doors.admin import TenantModelAdmin, clock
from tenants.doors.desk import tenant_of
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
        shown = {} if found is None else explanation_context(found.facts)
        return self.page(
            request,
            "admin/guests/explain.html",
            title="Explain sign-in",
            form=form,
            errors=form.errors,
            found=found,
            who="" if found is None else who(tenant_of(request), found),
            **shown,
        )

    def _of_guest(self, request: HttpRequest) -> Address | None:
        """The address of the guest that the page was opened for. 404 for nobody of this tenant."""
        if "guest" not in request.GET:
            return None
        guest: Guest = self.get_object(request, str(_id(request.GET["guest"])))
        return canonical(guest.address)


def who(tenant: Tenant, found: Explanation) -> str:
    """What the person is to the tenant, in a sentence."""
    guest = found.guest
    if guest is None:
        return f"{found.address.key} is a stranger to {tenant.name}: nobody has invited this address."
    if guest.has_accepted:
        return f"{found.address.key} is a guest of {tenant.name} and has redeemed."
    by = f", invited by {guest.sponsor_name}" if guest.sponsor_name else ""
    return f"{found.address.key} is a pending guest of {tenant.name}{by}, who has not redeemed."


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's
