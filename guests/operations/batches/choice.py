"""Which guests a deed for many is about, and how a worker reads them a piece at a time (R43).

Knows the ways in which an administrator may say "all of these", each of which has an index of its own, and where the
reading goes on after a piece. It must never read all of a tenant's guests at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from guests.models import Guest
from guests.operations.batches.places import behind, place_of
from providers.models import IdentityProvider
from providers.rules import Method

MOST_NAMED: Final = 1000
"""Guests that a choice may name one by one; more are chosen by what they have in common."""

METHODS: Final = {
    Method.PASSCODE.value: "a passcode",
    Method.ENTRA_ID.value: "Entra ID",
    Method.FEDERATION.value: "a partner’s provider",
    Method.GOOGLE.value: "Google",
    Method.MICROSOFT_ACCOUNT.value: "a Microsoft account",
    Method.FACEBOOK.value: "Facebook",
}
"""Methods that a guest can be bound to (R30, R33), as the end of a sentence."""


@dataclass(frozen=True)
class Choice:
    """Guests, deleted ones never: those in `guests`, or else all who redeemed and fit each other part that is given.

    `providers` are the tenant's own that they redeemed with, there or removed; `domain` is in its stored form. A choice
    that says nothing is of nobody.
    """

    guests: tuple[UUID, ...] = ()
    method: str = ""
    providers: tuple[UUID, ...] = ()
    domain: str = ""

    def stored(self) -> dict[str, object]:
        """As a batch keeps it."""
        said: dict[str, object] = {
            "guests": [str(one) for one in self.guests],
            "method": self.method,
            "providers": [str(one) for one in self.providers],
            "domain": self.domain,
        }
        return {name: value for name, value in said.items() if value}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Choice:
        """The same, back from a batch."""
        return cls(
            tuple(UUID(one) for one in stored.get("guests", ())),
            str(stored.get("method", "")),
            tuple(UUID(one) for one in stored.get("providers", ())),
            str(stored.get("domain", "")),
        )

    def found(self) -> QuerySet[Guest]:
        """All of them, unordered."""
        there = Guest.objects.filter(deleted_at__isnull=True)
        if self.guests:
            return there.filter(pk__in=self.guests)
        if not (self.method or self.providers or self.domain):
            return there.none()
        if self.providers:
            there = there.filter(method_provider_id__in=self.providers)
        return self._narrowed(there)

    def fits(self, guest: Guest) -> bool:
        """Whether this guest is still one of them."""
        if self.guests:
            return guest.pk in self.guests
        return (
            bool(guest.method and (self.method or self.providers or self.domain))
            and (not self.method or guest.method == self.method)
            and (not self.providers or guest.method_provider_id in self.providers)
            and (not self.domain or guest.domain == self.domain)
        )

    def in_words(self) -> str:
        """For a batch's name and a page: "3 chosen guests", "Guests of contoso.com who redeemed with Google"."""
        if self.guests:
            return f"{len(self.guests)} chosen guest{'' if len(self.guests) == 1 else 's'}"
        whose = f"Guests of {self.domain}" if self.domain else "Guests"
        if self.providers:
            names = (
                IdentityProvider.objects.filter(pk__in=self.providers).order_by("name").values_list("name", flat=True)
            )
            shown = ", ".join(names[:3])
            return f"{whose} who redeemed with {shown}" if shown else f"{whose} whose provider was removed"
        if self.method:
            return f"{whose} who redeemed with {METHODS.get(self.method, self.method)}"
        return f"{whose} who have redeemed"

    def after(self, key: str, *, at_most: int) -> tuple[list[Guest], str]:
        """The next guests behind `key` ("" for the first), newest first, and the key behind them; "" when none is left.

        A key fits into 40 characters. Each piece is one step along an index, or one for each provider that ends in it.
        """
        if self.guests:
            begin = int(key or 0)
            ids = self.guests[begin : begin + at_most]
            by_id = {one.pk: one for one in Guest.objects.filter(pk__in=ids, deleted_at__isnull=True)}
            end = begin + len(ids)
            return [by_id[one] for one in ids if one in by_id], str(end) if end < len(self.guests) else ""
        lane_, _, place = key.partition(".")
        lane = int(lane_ or 0)
        found = list(self._behind(lane, place).order_by("-created_at", "id")[:at_most])
        if len(found) == at_most:
            return found, f"{lane}.{place_of(created_at=found[-1].created_at, pk=found[-1].pk)}"
        return found, f"{lane + 1}." if lane + 1 < len(self.providers) else ""

    def _behind(self, lane: int, place: str) -> QuerySet[Guest]:
        if not (self.method or self.providers or self.domain):
            return Guest.objects.none()
        there = self._narrowed(Guest.objects.filter(deleted_at__isnull=True))
        if self.providers:
            there = there.filter(method_provider_id=self.providers[lane])
        if place:
            there = there.filter(behind(place))
        return there

    def _narrowed(self, there: QuerySet[Guest]) -> QuerySet[Guest]:
        if self.method:
            there = there.filter(method=self.method)
        if self.domain:
            there = there.filter(domain=self.domain)
        return there if self.method else there.exclude(method="")
