"""What a provider has the browser post to us: kept with its flow, then fetched by a GET that has our cookie (DESIGN 4).

Knows that such a post comes from another site: without our Lax cookie and without our CSRF token. It must never open
anything: it keeps text for a flow that waits for it, and sends the browser on.
"""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guests.operations.keeping_answers import keep_answer
from guests.views.asking import asker, front_door_url
from guests.views.pages import page
from guests.views.refusals import refuse
from guests.views.wording import RETURNED_TOO_OFTEN
from providers.kinds import Protocol
from tenants.doors.middleware import TenantRequest
from tenants.refusals import Code, Refusal

LARGEST_POST = 512 * 1024
"""Bytes: 256 KiB of XML in base64, percent-encoded, and a state."""


@csrf_exempt
@require_POST
def saml(request: TenantRequest) -> HttpResponse:
    """The assertion consumer service of the tenant (SAML 2.0 bindings, 3.5)."""
    fields = _fields(request)
    return _keep(request, Protocol.SAML, state=fields.get("RelayState", ""), body=fields.get("SAMLResponse", ""))


@csrf_exempt
@require_POST
def ws_federation(request: TenantRequest) -> HttpResponse:
    """Where a WS-Federation provider posts to (WS-Federation 1.2, 13.2.1)."""
    fields = _fields(request)
    return _keep(request, Protocol.WS_FEDERATION, state=fields.get("wctx", ""), body=fields.get("wresult", ""))


def _keep(request: TenantRequest, protocol: Protocol, *, state: str, body: str) -> HttpResponse:
    kept = keep_answer(tenant=request.tenant, protocol=protocol, state=state, body=body, asker=asker(request))
    if kept is None:
        # Another site's post carries no cookie of ours, whatever the browser has: it says nothing about that.
        context = {"sign_in_url": front_door_url(request.tenant), "has_cookies": True}
        return page(request, "sign_in/flow_lost.html", status=403, **context)
    if isinstance(kept, Refusal):
        words = RETURNED_TOO_OFTEN if kept.code is Code.WAIT else None
        return refuse(request, kept, words=words, back_url=front_door_url(request.tenant))
    route = {"tenant": request.tenant.primary_domain, "flow_id": kept}
    # 303, so that the browser asks with GET, and from our own page: then it sends the cookie.
    return redirect(reverse("guests:arrived", kwargs=route))


def _fields(request: TenantRequest) -> QueryDict:
    """The form, read up to its own limit: Django's for guests' forms is far below a signed assertion."""
    raw = request.read(LARGEST_POST + 1)
    if len(raw) > LARGEST_POST:
        raise RequestDataTooBig("a provider's post is too large")
    try:
        return QueryDict(raw, encoding="utf-8")
    except (UnicodeDecodeError, ValueError):
        raise SuspiciousOperation("a provider's post cannot be read") from None
