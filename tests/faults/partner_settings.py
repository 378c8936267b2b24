"""Settings of the processes in the drill of partners that hang: the product's, with letters to send.

The broker hands out again soon what is not done.
"""

import os

from config.settings import *  # noqa: F403  # the product's settings, whatever they are
from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS as OPTIONS

OUTBOX_RENDERERS = {"letter": "tests.outbox.letters.render_letter"}
CELERY_BEAT_SCHEDULE = {}
CELERY_BROKER_TRANSPORT_OPTIONS = OPTIONS | {"visibility_timeout": int(os.environ.get("DRILL_VISIBILITY", "8"))}
