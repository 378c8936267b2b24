"""The composition root: settings, addresses, the portal site and the local stack.

Loads the Celery application, so that the web process publishes with the same options as the workers read.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
