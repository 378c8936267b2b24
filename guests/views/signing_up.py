"""The page on which anybody becomes a guest of an application that takes sign-ups (R39a).

Knows how an address and a name are typed, and what is said of them. It must never look at who has an address here: the
same page comes back for every one of them (R19).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest, HttpResponse

from guests.rules import LONGEST_NAME, NameMistake, read_name
from guests.views.pages import page
from guests.views.wording import Problem
from tenants.addresses import Address, AddressRefused, canonical
from tenants.models import Tenant

NAME_MISTAKES = {
    NameMistake.MISSING: Problem("", "Tell us your name."),
    NameMistake.TOO_LONG: Problem("", f"Use a shorter name: one may have {LONGEST_NAME} characters."),
    NameMistake.HIDDEN: Problem("", "Type your name by hand: a hidden character came with the copied text."),
}


class Way(Protocol):
    """A way to sign up other than a code: what the form calls it, and what it is called."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class SignUpPage:
    """What the page is for, whatever was typed: the application's name, its own address, the ways that are offered."""

    application: str
    submit_url: str
    sign_in_url: str
    takes_codes: bool
    ways: Iterable[Way]


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What stood in the form, and what is wrong with it: None where nothing is."""

    email: str = ""
    name: str = ""
    email_error: Problem | None = None
    name_error: Problem | None = None


@dataclass(frozen=True)
class Person:
    """An address and a name that can be taken. Nothing is proven."""

    address: Address
    name: str


NOTHING = Typed()


def read(request: HttpRequest) -> Person | Typed:
    """What was typed, or what is wrong with it (R70)."""
    email, typed_name = request.POST.get("email", ""), request.POST.get("name", "")
    name = read_name(typed_name)
    name_error = NAME_MISTAKES[name] if isinstance(name, NameMistake) else None
    try:
        address = canonical(email)
    except AddressRefused as refused:
        return _typed(email, typed_name, Problem("", refused.reason), name_error)
    if isinstance(name, NameMistake):
        return _typed(email, typed_name, None, name_error)
    return Person(address, name)


def not_taken(tenant: Tenant, person: Person) -> Typed:
    """The form again, for an address at a domain whose guests are not taken (R53)."""
    error = Problem("", f"{tenant.name} does not take guests from this domain. Use an address at another one.")
    return _typed(person.address.to_send, person.name, error, None)


def show(request: HttpRequest, what: SignUpPage, typed: Typed = NOTHING) -> HttpResponse:
    """The page; 422 with what is wrong, and from two errors on a summary of them."""
    wrong = [("email", typed.email_error), ("name", typed.name_error)]
    mistakes = [{"field": field, "text": error.text} for field, error in wrong if error is not None]
    return page(
        request,
        "sign_in/sign_up.html",
        status=422 if mistakes else 200,
        application=what.application,
        submit_url=what.submit_url,
        sign_in_url=what.sign_in_url,
        takes_codes=what.takes_codes,
        offers=[{"key": way.key, "name": way.name} for way in what.ways],
        email=typed.email,
        name=typed.name,
        error=typed.email_error or typed.name_error,
        email_error=typed.email_error,
        name_error=typed.name_error,
        mistakes=mistakes if len(mistakes) > 1 else [],
    )


def _typed(email: str, name: str, email_error: Problem | None, name_error: Problem | None) -> Typed:
    """What stays in the fields is no longer than anything that could be taken."""
    return Typed(email=email[:254], name=name[:LONGEST_NAME], email_error=email_error, name_error=name_error)
