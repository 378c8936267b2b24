"""Names the app to Django. It must never import anything at start, so that the order of apps stays free."""

from django.apps import AppConfig


class PasscodesConfig(AppConfig):
    """E-mailed one-time passcodes: challenges, their tries, their mails."""

    name = "passcodes"
