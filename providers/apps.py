"""Names the app for Django and does nothing else."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = "Ways in"
