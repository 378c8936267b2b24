"""A redemption order as it stands on the page, not saved yet (R31).

Knows how the buttons Up, Down, Leave out and Ask again change it, all without JavaScript: the page carries the whole
draft in its form. It must never store anything, and takes whatever a form may carry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import QueryDict

from providers.rules import Fallback, Order, Primary

UP, DOWN, REMOVE, ADD, INHERIT = "up", "down", "remove", "add", "inherit"


@dataclass(frozen=True)
class Draft:
    """The order in the form. `is_inherited` says that it is to be the one above: the tenant's own, or the default."""

    primaries: tuple[Primary, ...]
    fallback: Fallback
    is_inherited: bool

    @property
    def key(self) -> str:
        """The same for the same draft: what the form says that its reader has seen the effect of."""
        what = "inherited" if self.is_inherited else ",".join(self.primaries)
        return f"{what}|{self.fallback}"

    @property
    def left_out(self) -> list[Primary]:
        return [one for one in Primary if one not in self.primaries]

    def as_order(self, partner_domain: str) -> Order:
        return Order(self.primaries, self.fallback, partner_domain)


def stored_draft(stored: Order | None, above: Order) -> Draft:
    """What is stored, or where nothing is the order above it."""
    order = stored or above
    return Draft(order.primaries, order.fallback, stored is None)


def posted_draft(posted: QueryDict, stored: Draft, above: Order) -> Draft:
    """What the form carries, with the pressed button's change; unknown and repeated words in it are passed over."""
    known = {one.value: one for one in Primary}
    carried = [known[word] for word in dict.fromkeys(posted.getlist("primary")) if word in known]
    word = posted.get("fallback", "")
    fallback = Fallback(word) if word in set(Fallback) else stored.fallback
    draft = Draft(tuple(carried), fallback, False)
    if posted.get("is_inherited") == "yes" and (draft.primaries, draft.fallback) == (above.primaries, above.fallback):
        draft = replace(draft, is_inherited=True)
    return _pressed(posted, draft, known, above)


def _pressed(posted: QueryDict, draft: Draft, known: dict[str, Primary], above: Order) -> Draft:
    if INHERIT in posted:
        return stored_draft(None, above)
    for button in (UP, DOWN, REMOVE, ADD):
        one = known.get(posted.get(button, ""))
        if one is not None:
            return replace(draft, primaries=_moved(draft.primaries, one, button), is_inherited=False)
    return draft


def _moved(primaries: tuple[Primary, ...], one: Primary, button: str) -> tuple[Primary, ...]:
    if button == ADD:
        return primaries if one in primaries else (*primaries, one)
    if one not in primaries:
        return primaries
    at, rest = primaries.index(one), [other for other in primaries if other is not one]
    if button == REMOVE:
        return tuple(rest)
    to = max(0, at - 1) if button == UP else at + 1
    return (*rest[:to], one, *rest[to:])
