"""The only writers of mails: queueing, sending, and noting what a provider says became of them.

This file only gathers their names.
"""

from outbox.operations.claiming import Claimed, claim_mail, claim_next, keep_lease, renew_lease
from outbox.operations.queueing import DELIVER, Planned, enqueue, enqueue_many, give_back_times, withdraw_many
from outbox.operations.reporting import Happened, find_reported, note_event
from outbox.operations.sending import deliver, forget_settled, retry_later, send_check, settle

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
    "renew_lease",
    "retry_later",
    "send_check",
    "settle",
    "withdraw_many",
]
