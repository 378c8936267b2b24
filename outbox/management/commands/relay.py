"""manage.py relay: sends what no worker has picked up.

Knows how a few sender threads share the outbox, outlast a database's restart and stop in time. A thread holds one row.
Where its mail server is slow, another thread takes its place, so that no other mail waits for that server.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from functools import partial
from types import FrameType
from typing import Any, Final

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection

from outbox import operations
from outbox.conversation import LASTS_AT_MOST
from tenants.doors.commands import OperatorCommand
from tenants.key_fingerprints import keep_noting
from tenants.scope import every_tenant, tenant_scope

SENDERS: Final = 4
SLOW_FOR_EACH: Final = 8
"""Slow conversations for each sender, before mails wait for their end."""
POLL: Final = 1.0
"""Seconds between two looks of an idle sender."""
STOPS_WITHIN: Final = LASTS_AT_MOST + 5.0
"""Seconds that a mail on its way gets to end, so that a slow server gets none twice. A server that hangs is left after
EMAIL_TIMEOUT."""
WAITS_FOR_DATABASE: Final = (0.2, 0.5, 1.0, 2.0)

log = logging.getLogger(__name__)


class Relay:
    """Sender threads over one outbox, and what they tell each other: whether to stop, whether there was work."""

    def __init__(self, *, is_draining: bool) -> None:
        self.is_draining = is_draining
        self.stopping = threading.Event()
        self.failed: Exception | None = None
        self._lock = threading.Lock()
        self._busy: set[int] = set()
        self._taken_up = 0
        self._threads: list[threading.Thread] = []
        self._most = 0

    def run(self, senders: int) -> bool:
        """Send until told to stop or, draining, until nothing is due. False when a sender had to be left behind."""
        self._most = senders * (1 + SLOW_FOR_EACH)
        for n in range(senders):
            self._start(begins_after=POLL * n / senders)
        while not self.stopping.is_set() and self._running():
            self.stopping.wait(0.2)
        ends_at = time.monotonic() + STOPS_WITHIN
        while running := self._running():
            running[0].join(max(0.0, ends_at - time.monotonic()))
            if time.monotonic() >= ends_at:
                break
        return not self._running()

    def _start(self, *, begins_after: float) -> None:
        thread = threading.Thread(target=self._send, args=[begins_after], name="sender", daemon=True)
        self._threads = [*self._running(), thread]
        thread.start()

    def _running(self) -> list[threading.Thread]:
        return [thread for thread in self._threads if thread.is_alive()]

    def stop(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM and SIGINT: no further claim."""
        self.stopping.set()

    def _send(self, begins_after: float) -> None:
        """Send until told to stop. The senders begin one after the other, so that one of them looks every so often."""
        troubles = 0
        try:
            self.stopping.wait(begins_after)
            replaced = threading.Event()
            while not self.stopping.is_set() and not replaced.is_set():
                try:
                    had_work = self._send_one(replaced)
                except (OperationalError, InterfaceError) as error:
                    if self.is_draining:
                        raise
                    troubles += 1
                    self._wait_for_database(troubles, error)
                    continue
                if troubles:
                    log.info("The database answers again.")
                    troubles = 0
                self._tell(had_work)
                if had_work:
                    continue
                if self.is_draining:
                    return
                self.stopping.wait(POLL)
        except Exception as error:  # the main thread says it, and ends the process for its supervisor to restart
            log.exception("A sender broke.")
            self.failed = error
            self.stopping.set()
        finally:
            with self._lock:
                self._busy.discard(threading.get_ident())
            connection.close()

    def _replace(self, replaced: threading.Event) -> None:
        """Have another thread send in the place of this one, which ends after its slow mail."""
        with self._lock:
            if replaced.is_set() or self.stopping.is_set() or len(self._running()) >= self._most:
                return
            replaced.set()
            self._start(begins_after=0.0)

    def _send_one(self, replaced: threading.Event) -> bool:
        with every_tenant(reason="the relay serves all tenants, the most urgent mail first"):
            claimed = operations.claim_next()
        if claimed is None:
            return False
        with tenant_scope(claimed.tenant_id):
            operations.deliver(claimed=claimed, on_slow=partial(self._replace, replaced))
        return True

    def _wait_for_database(self, troubles: int, error: Exception) -> None:
        connection.close()
        if troubles == 1:
            log.warning("The database does not answer (%s); trying again.", str(error).strip().split("\n")[0])
        self.stopping.wait(WAITS_FOR_DATABASE[min(troubles, len(WAITS_FOR_DATABASE)) - 1])

    def _tell(self, had_work: bool) -> None:
        """One line when work begins, one when it ends: the usual way is the worker's, so either is worth knowing."""
        me = threading.get_ident()
        with self._lock:
            if had_work:
                if not self._taken_up:
                    log.info("Took up mail that no worker had picked up.")
                self._busy.add(me)
                self._taken_up += 1
                return
            self._busy.discard(me)
            if self._taken_up and not self._busy:
                log.info("Nothing is due any more; %d taken up.", self._taken_up)
                self._taken_up = 0


class Command(OperatorCommand):
    """The relay as a process of its own."""

    help = (
        "Send mails that no worker has picked up: after a lost nudge, a killed worker, a failed try. "
        "Run one or more beside the workers; SIGTERM ends it once the mails on their way have ended, within 50 seconds."
    )
    example = "manage.py relay"
    requires_system_checks = []  # a killed relay is back sooner; the web server has checked the same settings

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, then end")
        parser.add_argument(
            "--senders", type=_senders, default=SENDERS, help=f"threads, one mail each (default {SENDERS})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay(is_draining=options["once"])
        signal.signal(signal.SIGTERM, relay.stop)
        signal.signal(signal.SIGINT, relay.stop)
        keep_noting()
        log.info("Relaying with %d senders.", options["senders"])
        if not relay.run(options["senders"]):
            log.warning("A mail was still on its way; another sender takes it up when its lease ends.")
        if relay.failed:
            raise relay.failed if isinstance(relay.failed, OperationalError) else CommandError(str(relay.failed))


def _senders(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 32:
        raise argparse.ArgumentTypeError("a number from 1 to 32")
    return int(text)
