"""Names the app in the portal's navigation."""

from django.apps import AppConfig


class GuestsConfig(AppConfig):
    name = "guests"
    verbose_name = "Directory"
