"""The Celery application: workers and beat start from here."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokerAway

from config.process_names import application_name

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("vestibule")
app.config_from_object("django.conf:settings", namespace="CELERY")


class _Channel(redis.Channel):
    """kombu's, which says that its connection is closed in a way that Celery knows.

    Where the broker dies while a worker holds a task and waits for another one, kombu 5.7 closes the transport in
    `Connection.collect` before it closes the channel. The channel then restores its tasks through a transport without
    a client: an AttributeError about `hostname`, which no caller expects and which ends the worker.
    """

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise BrokerAway("The connection to the broker was closed.")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # the stubs leave it out


redis.Transport.Channel = _Channel


def _name_connections() -> None:
    """Give a child that the worker forks a name of its own in PostgreSQL's list, before its pool is made."""
    if settings.configured:
        settings.DATABASES["default"]["OPTIONS"]["application_name"] = application_name()


os.register_at_fork(after_in_child=_name_connections)
