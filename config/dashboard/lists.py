"""The addresses of the lists behind the numbers, each narrowed to what its number counts.

Knows which filters the lists take. A list that the roles do not open has no address here: "".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

from guests.models.steps import INVITED
from guests.operations.figures import BOUNCED, FAILED, HANDED_OVER
from tenants.models import Outcome
from tenants.roles import Action

NOT_SENT = f"{BOUNCED},{FAILED}"


@dataclass(frozen=True)
class Lists:
    """For one administrator (`may`) and one period: so many days, from the first on. Lines of the history are there
    from the day `kept_from` on, of every day where it is None."""

    may: Callable[[str], bool]
    days: int
    first: date
    kept_from: date | None = None

    def guests(self, **narrowed: str) -> str:
        return self._narrowed("admin:guests_guest_changelist", Action.GUESTS_VIEW, narrowed)

    def invited(self, step: str = INVITED) -> str:
        """Guests first invited in the period who came as far as this step."""
        return self.guests(invited=str(self.days), **({} if step == INVITED else {"step": step}))

    def lost(self, step: str) -> str:
        """Guests first invited in the period who came as far as the step before this one and no further."""
        return self.guests(invited=str(self.days), step=f"not_{step}")

    def invitations(self, **narrowed: str) -> str:
        return self._narrowed("admin:guests_invitation_changelist", Action.GUESTS_VIEW, narrowed)

    def history(self, **narrowed: str) -> str:
        """Lines of the period."""
        return self._lines({**narrowed, "since": self.first.isoformat()})

    def mails(self, action: str = HANDED_OVER, day: date | None = None) -> str:
        """Mails that came so far, in the period or on one day of it."""
        if day is None:
            return self.history(action=action)
        if self.kept_from is not None and day < self.kept_from:
            return ""
        return self._lines({"action": action, "on": day.isoformat()})

    def mails_not_sent(self, day: date | None = None) -> str:
        """Mails that bounced or failed, in the period or on one day of it."""
        return self.mails(NOT_SENT, day)

    def mails_not_sent_since(self, day: date) -> str:
        """Mails that bounced or failed on that day or later."""
        return self._lines({"action": NOT_SENT, "since": day.isoformat()})

    def outbox(self, **narrowed: str) -> str:
        """Mails as they are now, those that are not forgotten yet."""
        return self._narrowed("admin:outbox_outboundmail_changelist", Action.MAIL_VIEW, narrowed)

    def refusals(self, code: str) -> str:
        """The lines that tell that guests and strangers were refused with this code."""
        return self.history(code=code, outcome=Outcome.REFUSED.value, by="visitors")

    def _lines(self, narrowed: dict[str, str]) -> str:
        return self._narrowed("admin:tenants_auditentry_changelist", Action.AUDIT_VIEW, narrowed)

    def _narrowed(self, url_name: str, action: Action, narrowed: dict[str, str]) -> str:
        if not self.may(action):
            return ""
        return reverse(url_name) + (f"?{urlencode(narrowed)}" if narrowed else "")
