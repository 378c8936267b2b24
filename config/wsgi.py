"""The web server's door.

Refuses to open where pages would have no style sheets, and does beforehand what else the first guest would wait for.
"""

import os

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import reverse

from config.http.guard import guarded
from tenants.queue import prepare_to_publish

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = guarded(get_wsgi_application())

from tenants.key_fingerprints import keep_noting  # noqa: E402  # a model, which needs Django to be set up

if not settings.IS_UNGATHERED and not getattr(staticfiles_storage, "hashed_files", None):
    raise ImproperlyConfigured("The style sheets are not in place. Run once per version: manage.py collectstatic")

reverse("livez")  # imports every view
prepare_to_publish()
keep_noting()
