"""The only writers of mails: queueing, sending, and noting what a provider says became of them.

This file only gathers their names.
"""

from outbox.operations.queueing import DELIVER, Planned, enqueue, enqueue_many, give_back_times, withdraw_many
from outbox.operations.reporting import Happened, find_reported, note_event
from outbox.operations.sending import (
    Claimed,
    claim_mail,
    claim_next,
    deliver,
    forget_settled,
    keep_lease,
    retry_later,
    send_check,
    settle,
)

__all__ = [
    "DELIVER",
    "Claimed",
    "Happened",
    "Planned",
    "claim_mail",
    "claim_next",
    "deliver",
    "enqueue",
    "enqueue_many",
    "find_reported",
    "forget_settled",
    "give_back_times",
    "keep_lease",
    "note_event",
    "retry_later",
    "send_check",
    "settle",
    "withdraw_many",
]
