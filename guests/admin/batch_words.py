"""How the portal speaks of each kind of deed for many guests, and of how far it is.

Knows words, marks and estimates only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.formats import number_format
from django.utils.safestring import SafeString

from guests.admin.words import mark
from guests.models import Batch, BatchKind, BatchRow, BatchState, Result, Verdict
from guests.operations.batches.reading import Place


@dataclass(frozen=True)
class KindWords:
    """One kind's words. `deed` is the verb on the button.

    `unchecked` follows the batch's name where the check came to no end.
    """

    title: str
    deed: str
    will: str
    will_again: str
    cannot: str
    done: str
    done_again: str
    unchecked: str
    mail: str = "email"


KINDS: Final = {
    BatchKind.INVITATIONS.value: KindWords(
        title="Bulk invitation",
        deed="Invite",
        will="Will be invited",
        will_again="Already guests, invited again",
        cannot="Cannot be invited",
        done="Invited",
        done_again="Invited again",
        unchecked="cannot be read. Nothing was sent, and nobody was invited.",
        mail="invitation email",
    ),
    BatchKind.RESETS.value: KindWords(
        title="Reset of redemption status",
        deed="Reset",
        will="Will be reset",
        will_again="Will be reset again",
        cannot="Cannot be reset",
        done="Reset",
        done_again="Reset again",
        unchecked="stopped before anybody was reset. Nothing was sent.",
        mail="invitation email",
    ),
    BatchKind.REMINDERS.value: KindWords(
        title="Reminder",
        deed="Remind",
        will="Will be reminded",
        will_again="Will be reminded again",
        cannot="Cannot be reminded",
        done="Reminded",
        done_again="Reminded again",
        unchecked="stopped before anybody was reminded. Nothing was sent.",
        mail="reminder",
    ),
    BatchKind.REVOCATIONS.value: KindWords(
        title="Revocation of invitations",
        deed="Revoke the invitations of",
        will="Will be revoked",
        will_again="Will be revoked again",
        cannot="Cannot be revoked",
        done="Revoked",
        done_again="Revoked again",
        unchecked="stopped before anything was revoked. Every invitation is as it was.",
    ),
}

STATE_MARKS: Final = {
    BatchState.CHECKING: "wait",
    BatchState.CHECKED: "wait",
    BatchState.RUNNING: "wait",
    BatchState.PAUSED: "wait",
    BatchState.DONE: "ok",
    BatchState.UNREADABLE: "no",
    BatchState.DISCARDED: "off",
}


def words_of(batch: Batch) -> KindWords:
    return KINDS[batch.kind]


def counted(number: int) -> str:
    """With the separators of thousands."""
    return number_format(number, force_grouping=True)


def state_mark(batch: Batch) -> SafeString:
    """How far it is, as the lists say it."""
    state = BatchState(batch.state)
    said = str(state.label)
    if state in (BatchState.RUNNING, BatchState.PAUSED):
        said = f"{said}, {counted(batch.done + batch.failed)} done"
    elif state == BatchState.DONE and batch.failed + batch.rows_refused:
        said = f"Done, {counted(batch.failed + batch.rows_refused)} failed or refused"
    elif state == BatchState.UNREADABLE and batch.kind != BatchKind.INVITATIONS:
        said = "Stopped before it began"
    return mark(STATE_MARKS[state], said)


def again_of(batch: Batch) -> int:
    """How many of what is done were done again."""
    return int(batch.choice.get("again", 0))


def waiting_word(batch: Batch) -> str:
    """What is said of rows that nothing was done with."""
    return "Not done" if batch.state == BatchState.DISCARDED else "Waiting"


def row_mark(batch: Batch, row: BatchRow) -> tuple[SafeString, str]:
    """What is said of a row, and what to do about it: a reason is `what is wrong: what to do`."""
    words, reason = words_of(batch), row.result_reason or row.reason
    if row.verdict == Verdict.REFUSED or row.result == Result.FAILED:
        short, colon, rest = reason.partition(": ")
        if colon:
            return mark("no", short), rest
        return mark("no", words.cannot if row.verdict == Verdict.REFUSED else "Failed"), reason
    is_again = row.verdict == Verdict.AGAIN
    if row.result == Result.DONE:
        return mark("ok", words.done_again if is_again else words.done), ""
    if batch.state == BatchState.DISCARDED:
        return mark("off", waiting_word(batch)), ""
    return mark("wait", words.will_again if is_again else words.will), reason


def time_to_go(batch: Batch, now: datetime) -> str:
    """ "About 40 seconds", from what was done since it was started or went on; nothing before that is known."""
    done = batch.done + batch.failed - int(batch.choice.get("done_before", 0))
    if batch.state != BatchState.RUNNING or batch.started_at is None or done <= 0:
        return ""
    seconds = (now - batch.started_at).total_seconds() * batch.waiting / done
    return lasting(timedelta(seconds=max(seconds, 1)))


def lasting(time: timedelta) -> str:
    """A time as a person says it."""
    seconds = round(time.total_seconds())
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{round(seconds / 3600)} hours"


def part_read(batch: Batch) -> int:
    """How many bytes of the file have been looked at."""
    return Place.of(batch.read_to).byte if "size" in batch.choice and ":" in batch.read_to else 0
