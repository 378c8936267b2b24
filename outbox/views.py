"""Where a mail provider tells what became of mails (R18).

Knows how a provider's post becomes events, by anymail's own reading and checking of it, and finds whose mail each is.
It must never log what a post holds: recipients stand in it (SAFETY B4); nor read a body before the secret in the post's
head was right.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.base import AnymailBaseWebhookView, AnymailBasicAuthMixin
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from outbox.delivery import OUR_NAME
from outbox.kinds import reporting
from outbox.models import State
from outbox.operations import Happened, find_reported, note_event
from outbox.rules import LARGEST_EVENTS
from tenants.audit import Actor, ActorKind
from tenants.scope import every_tenant, tenant_scope
from tenants.source import client_address

log = logging.getLogger(__name__)

_MEANS: Final = {
    EventType.DEFERRED: State.DEFERRED,
    EventType.DELIVERED: State.DELIVERED,
    EventType.BOUNCED: State.BOUNCED,
    EventType.REJECTED: State.BOUNCED,
    EventType.FAILED: State.BOUNCED,
}
"""The events that say where a mail is. Opened and clicked are not asked for and not kept."""

_CANNOT_BE_READ: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, RecursionError)
"""What anymail's reading raises on a body that is not what its provider writes."""


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def events(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a provider's events. 404 unless that provider is configured and a secret guards it; 403 without the secret;
    413 above 2 MB, where providers post 1,000 events at once.

    What names no mail of ours is taken too: the provider would send it again for days.
    """
    configured = reporting()
    if configured.reader is None or provider != configured.provider:
        raise Http404("no events are taken from this provider")
    if request.method == "HEAD":
        return HttpResponse()
    try:
        happened = _read(configured.reader, request)
    except AnymailWebhookValidationFailure:
        log.warning("An event of %s without its secret was refused.", provider)
        return HttpResponse("The secret is missing or wrong.", status=HTTPStatus.FORBIDDEN, content_type="text/plain")
    except (AnymailError, *_CANNOT_BE_READ):
        log.warning("An event of %s could not be read.", provider)
        return HttpResponse("This cannot be read.", status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    noted = _note(happened, request, provider)
    log.info("%s told %d times where a mail is; %d of them were news.", provider, len(happened), noted)
    return HttpResponse("Thank you.", content_type="text/plain")


def _read(reader: AnymailBaseWebhookView, request: HttpRequest) -> list[Happened]:
    reader.setup(request)
    AnymailBasicAuthMixin.validate_request(reader, request)  # a header tells it: a stranger's body stays unread
    _take_body(request)
    reader.run_validators(request)
    found: list[AnymailTrackingEvent] = reader.parse_events(request)
    return [
        Happened(
            names=names,
            state=_MEANS[event.event_type],
            at=event.timestamp,
            said=str(event.mta_response or event.description or event.reject_reason or ""),
        )
        for event in found
        if event.event_type in _MEANS and (names := _names(event))
    ]


def _take_body(request: HttpRequest) -> None:
    """Read the body up to this door's own limit: Django's is a guest's form, and a batch of events is larger."""
    body = request.read(LARGEST_EVENTS + 1)
    if len(body) > LARGEST_EVENTS:
        raise RequestDataTooBig("a provider's events are too large")
    request._body = body  # where Django keeps what it has read, below its own limit


def _names(event: AnymailTrackingEvent) -> tuple[str, ...]:
    """What the event calls the mail, the surest first: our name that the provider carried along, then its own."""
    ours = event.metadata.get(OUR_NAME) if isinstance(event.metadata, dict) else None
    return tuple(str(name) for name in (ours, event.message_id) if name)


def _note(happened: list[Happened], request: HttpRequest, provider: str) -> int:
    """How many of them were news."""
    if not happened:
        return 0
    with every_tenant(reason="a provider's events name mails, not tenants"):
        mails = find_reported(names={name for one in happened for name in one.names})
    actor = Actor(
        ActorKind.SYSTEM,
        provider,
        source=client_address(request),
        correlation=getattr(request, "correlation", ""),
    )
    noted = 0
    for one in happened:
        for tenant_id, mail_id in next((mails[name] for name in one.names if name in mails), ()):
            with tenant_scope(tenant_id):
                noted += note_event(mail_id=mail_id, happened=one, actor=actor, now=timezone.now()) is not None
    return noted
