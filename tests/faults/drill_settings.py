"""Settings of the processes that the drills kill: the product's, with letters to send instead of guests to invite.

The senders get no more apps than the outbox needs, so that a killed one is soon back.
"""

from config.settings import *  # noqa: F403  # the product's settings, whatever they are

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "anymail", "outbox", "tenants"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = __name__
urlpatterns: list[object] = []
CELERY_IMPORTS = ["outbox.tasks"]
CELERY_BEAT_SCHEDULE: dict[str, object] = {}
OUTBOX_RENDERERS = {
    name: f"tests.outbox.letters.render_{name}" for name in ("letter", "copied", "decoy", "stale", "broken")
}
SILENCED_SYSTEM_CHECKS = ["auth.E003", "auth.W004"]
