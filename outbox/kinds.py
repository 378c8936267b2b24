"""Which mail providers tell what became of a mail, and whether this installation can tell their word from a stranger's.

Knows the provider that EMAIL_URL names and the class of anymail's that checks and reads its events. It must never
answer for a provider without a secret: anybody could then call a mail delivered. (R18)
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

from anymail.exceptions import AnymailConfigurationError, AnymailInsecureWebhookWarning
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

_CLASSES: Final = {
    "amazon_ses": "AmazonSESTrackingWebhookView",
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailtrap": "MailtrapTrackingWebhookView",
    "mandrill": "MandrillCombinedWebhookView",
    "postal": "PostalTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
    "unisender_go": "UnisenderGoTrackingWebhookView",
}


@dataclass(frozen=True)
class Reporting:
    """How far events are set up. `reader` is there only where what it accepts was really the provider's."""

    provider: str
    """As EMAIL_URL names it; empty where a mail server is used, which reports nothing."""
    reader: AnymailBaseWebhookView | None = None
    missing: str = ""
    """What has to be set before events are taken; empty where nothing can be set, or nothing is missing."""


def reporting() -> Reporting:
    """The configured provider and, where a secret guards its events, who reads them."""
    provider = _provider()
    if provider not in _CLASSES:
        return Reporting(provider)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
            reader: AnymailBaseWebhookView = import_string(f"anymail.webhooks.{provider}.{_CLASSES[provider]}")()
    except (AnymailConfigurationError, ImproperlyConfigured, ImportError) as error:
        return Reporting(provider, missing=str(error).partition("\n")[0])
    is_signed = not reader.warn_if_no_basic_auth and getattr(reader, "webhook_key", "none needed") is not None
    if is_signed or reader.basic_auth:
        return Reporting(provider, reader)
    return Reporting(provider, missing="Set ANYMAIL_WEBHOOK_SECRET to a name and a long random word, as name:word.")


def _provider() -> str:
    head, _, _ = settings.EMAIL_BACKEND.rpartition(".")
    parent, _, name = head.rpartition(".")
    return name if parent == "anymail.backends" else ""
