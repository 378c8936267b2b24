"""Settings of the processes that the drills kill: the product's, with letters to send instead of guests to invite.

The senders get no more apps than the outbox needs, so that a killed one is soon back.
"""

from config.settings import *  # noqa: F403  # the product's settings, whatever they are

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "anymail", "outbox", "tenants"]
MIDDLEWARE = []
ROOT_URLCONF = __name__
urlpatterns: list[object] = []
CELERY_IMPORTS = ["outbox.tasks"]
CELERY_BEAT_SCHEDULE = {}
OUTBOX_RENDERERS = {"letter": "tests.outbox.letters.render_letter"}
SILENCED_SYSTEM_CHECKS = ["auth.E003", "auth.W004"]
