"""Back from a provider: the answer is matched with its flow and this browser, then handed to the operation (R36).

Knows how a state names its tenant and flow, and which page each outcome has. It must never hand an answer on before the
state was compared with the flow that this very browser began at this very provider configuration (RFC 9700, 2.1 and
4.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from guests import tickets
from guests.models import SignInFlow
from guests.operations.departing import begin_with_another_account, bound_as
from guests.operations.keeping_answers import take_answer
from guests.operations.proving import are_codes_on, ask_to_vouch
from guests.operations.returning import Mistaken, NotVouchedFor, OtherMethod, return_from_provider
from guests.sessions import open_flow, open_session, remember_device, remember_session
from guests.views import code_page
from guests.views.asking import asker, carrying, front_door_url, goal_of
from guests.views.organizations import remember_organization
from guests.views.pages import page, room
from guests.views.redemption import flow_url
from guests.views.refusals import refuse
from guests.views.wording import (
    DECLINED_UNINVITED,
    NOT_VOUCHED_FOR,
    NOTHING_BEGUN,
    OTHER_ACCOUNT,
    RETURNED_TOO_OFTEN,
    Words,
)
from passcodes.rules import Pool
from providers.connections import name_of
from providers.handshakes import handshake, is_of, named_by
from tenants.addresses import canonical
from tenants.directory import find_tenant
from tenants.doors.middleware import TenantRequest
from tenants.leaving import leave
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope


@require_safe
def returned(request: TenantRequest, provider_id: UUID) -> HttpResponse:
    """The redirect URI of one provider that the tenant configured."""
    return _returned(request, kind_id="", provider_id=provider_id)


@require_safe
def returned_to_installation(request: HttpRequest, kind_id: str) -> HttpResponse:
    """The redirect URI of a kind that the installation set up: the state says which tenant's flow comes back."""
    named = named_by(request.GET.get("state", ""))
    tenant = find_tenant(str(named.tenant_id)) if named else None
    if tenant is None:
        return refuse(request, Refusal(Code.SESSION), back_url=reverse("guests:common"), words=NOTHING_BEGUN)
    request.tenant = tenant  # type: ignore[attr-defined]  # TenantRequest: the state names its tenant
    with tenant_scope(tenant.id):
        return _returned(request, kind_id=kind_id, provider_id=None)  # type: ignore[arg-type]


@require_safe
def arrived(request: TenantRequest, flow_id: UUID) -> HttpResponse:
    """A provider's post was kept without our cookie; here the browser comes with it (DESIGN 4)."""
    flow = open_flow(request, flow_id)
    if flow is None or flow.ended_at is not None:
        return _nothing_open(request, flow)
    answer = take_answer(flow=flow)
    if answer is None:
        return _nothing_open(request, flow)
    return _finish(request, flow, answer)


@require_POST
def prove(request: TenantRequest, flow_id: UUID) -> HttpResponse:
    """Send code, to vouch for the identity that came back."""
    flow = open_flow(request, flow_id)
    if flow is None:
        return _nothing_open(request, None)
    asked = ask_to_vouch(tenant=request.tenant, flow=flow, asker=asker(request), now=timezone.now())
    if isinstance(asked, Refusal):
        known = code_page.known_of(flow) if flow.pool == Pool.KNOWN else None
        return refuse(request, asked, known=known, back_url=_way_back(request, flow))
    return redirect(carrying(flow_url(request, asked), goal_of(request.tenant, asked.landing)))


@require_POST
def another_account(request: TenantRequest, flow_id: UUID) -> HttpResponse:
    """Back to the provider, to sign in there as somebody else (R23)."""
    flow = open_flow(request, flow_id)
    if flow is None or not flow.kind:
        return _nothing_open(request, None)
    leaving = begin_with_another_account(
        tenant=request.tenant, bound=bound_as(flow=flow), asker=asker(request), now=timezone.now()
    )
    if isinstance(leaving, Refusal):
        return refuse(request, leaving, back_url=_way_back(request, flow), provider=_name(flow))
    return leave(leaving.url, name=leaving.name, shown=room(request))


def _returned(request: TenantRequest, *, kind_id: str, provider_id: UUID | None) -> HttpResponse:
    state = request.GET.get("state", "")
    named = named_by(state)
    if named is None or named.tenant_id != request.tenant.id:
        return _nothing_open(request, None)
    flow = open_flow(request, named.flow_id)
    if flow is None or not _is_its(flow, state, kind_id=kind_id, provider_id=provider_id):
        return _nothing_open(request, None)
    if flow.ended_at is not None or flow.identity is not None:
        return _nothing_open(request, flow)
    names = [name for name in request.GET if len(request.GET.getlist(name)) > 1]
    if names:
        return refuse(
            request,
            Refusal(Code.PROVIDER, reason="A parameter came twice."),
            back_url=_way_back(request, flow),
            provider=_name(flow),
        )
    return _finish(request, flow, {name: str(value) for name, value in request.GET.items()})


def _is_its(flow: SignInFlow, state: str, *, kind_id: str, provider_id: UUID | None) -> bool:
    """Whether the state is this flow's, and the flow left for the configuration whose address was called."""
    if flow.provider_id != provider_id or (kind_id and flow.kind != kind_id) or flow.handshake_salt is None:
        return False
    try:
        shake = handshake(
            tenant_id=flow.tenant_id,
            flow_id=flow.id,
            key_id=flow.handshake_key_id or 0,
            salt=bytes(flow.handshake_salt),
        )
    except LookupError:
        return False
    return is_of(shake, state)


def _finish(request: TenantRequest, flow: SignInFlow, answer: Mapping[str, str]) -> HttpResponse:
    tenant = request.tenant
    found = return_from_provider(
        tenant=tenant,
        flow=flow,
        answer=answer,
        browser=request.headers.get("User-Agent", ""),
        asker=asker(request),
        now=timezone.now(),
    )
    if isinstance(found, Refusal):
        return refuse(
            request,
            found,
            known=code_page.known_of(flow) if flow.pool == Pool.KNOWN else None,
            words=_words_of(found, flow),
            back_url=_way_back(request, flow),
            provider=_name(flow),
        )
    if isinstance(found, OtherMethod):
        return page(
            request,
            "sign_in/other_method.html",
            status=403,
            provider=_name(flow),
            address=found.guest.address,
            go_url=front_door_url(tenant),
        )
    if isinstance(found, Mistaken | NotVouchedFor):
        return _other_account(request, flow, found)
    response = redirect(reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain}))
    remember_session(response, tenant, found)
    remember_device(request, response, tenant, found.guest)
    remember_organization(request, response, tenant)
    return response


def _words_of(refusal: Refusal, flow: SignInFlow) -> Words | None:
    """Another wording for a guest who comes back from a provider."""
    if refusal.code is Code.WAIT:
        return RETURNED_TOO_OFTEN
    return DECLINED_UNINVITED if refusal.code is Code.DECLINED and flow.invitation is None else None


def _other_account(request: TenantRequest, flow: SignInFlow, found: Mistaken | NotVouchedFor) -> HttpResponse:
    """Nothing is linked silently: the guest proves the address with a code, or comes with another account (R23)."""
    route = {"tenant": request.tenant.primary_domain, "flow_id": flow.id}
    may_prove = isinstance(found, NotVouchedFor) and are_codes_on()
    return refuse(
        request,
        Refusal(Code.WRONG_ACCOUNT),
        words=NOT_VOUCHED_FOR if may_prove else OTHER_ACCOUNT,
        provider=_name(flow),
        claimed_address=found.claimed,
        expected_address=canonical(flow.address).masked,
        is_invited=flow.invitation is not None,
        prove_url=reverse("guests:prove", kwargs=route) if may_prove else "",
        another_url=reverse("guests:another_account", kwargs=route),
    )


def _nothing_open(request: TenantRequest, flow: SignInFlow | None) -> HttpResponse:
    """Nothing to come back to: an old tab, a double click, another browser, or an answer that nobody asked for."""
    if open_session(request, request.tenant) is not None:
        return redirect(reverse("guests:permissions", kwargs={"tenant": request.tenant.primary_domain}))
    if flow is not None and flow.identity is not None and flow.challenge_id is not None:
        return redirect(flow_url(request, flow))
    return code_page.lost(request)


def _way_back(request: TenantRequest, flow: SignInFlow) -> str:
    """Where the sign-in can be tried again: the invitation's own link, else the front door with the same goal."""
    invitation = flow.invitation
    if invitation is None:
        return carrying(front_door_url(request.tenant), goal_of(request.tenant, flow.landing))
    try:
        secret = tickets.ticket(
            key_id=invitation.key_id,
            nonce=bytes(invitation.nonce),
            tenant_id=flow.tenant_id,
            invitation_id=invitation.id,
        )
    except LookupError:
        return front_door_url(request.tenant)
    return urlsplit(tickets.link(tenant_domain=request.tenant.primary_domain, secret=secret)).path


def _name(flow: SignInFlow) -> str:
    return name_of(kind_id=flow.kind, provider_id=flow.provider_id)
