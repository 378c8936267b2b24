"""What the pages of self-service sign-up can be asked to show: name, template, context and whose page (R39a)."""

from __future__ import annotations

from typing import Any

from guests.rules import NameMistake
from guests.views.signing_up import NAME_MISTAKES
from guests.views.wording import Problem

NO_ADDRESS = Problem("", "Enter what stands after the @ as well, such as nicole@example.com.")
NO_NAME = NAME_MISTAKES[NameMistake.MISSING]
PAGE: dict[str, Any] = {
    "submit_url": "/here",
    "application": "Supplier portal",
    "takes_codes": True,
    "email": "",
    "name": "",
    "error": None,
    "email_error": None,
    "name_error": None,
    "mistakes": [],
    "offers": [{"key": "google", "name": "Google"}, {"key": "facebook", "name": "Facebook"}],
    "sign_in_url": "/sign-in",
}
ONE = PAGE | {"email": "nicole@", "name": "Nicole", "error": NO_ADDRESS, "email_error": NO_ADDRESS}
TWO = ONE | {
    "name": "",
    "name_error": NO_NAME,
    "mistakes": [{"field": "email", "text": NO_ADDRESS.text}, {"field": "name", "text": NO_NAME.text}],
}
LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft und Co"
FORM, CLOSED = "sign_in/sign_up.html", "sign_in/sign_up_closed.html"

SIGN_UP: list[tuple[str, str, dict[str, Any]]] = [
    ("sign-up", FORM, PAGE),
    ("sign-up-codes-only", FORM, PAGE | {"offers": []}),
    ("sign-up-providers-only", FORM, PAGE | {"takes_codes": False}),
    ("sign-up-error", FORM, ONE),
    ("sign-up-name-error", FORM, PAGE | {"email": "n@example.com", "error": NO_NAME, "name_error": NO_NAME}),
    ("sign-up-errors", FORM, TWO),
    ("sign-up-long", FORM, PAGE | {"application": LONG_NAME, "offers": [{"key": "1", "name": LONG_NAME}]}),
    ("sign-up-hostile", FORM, TWO | {"email": '"><script>', "name": "<b>Eve</b>", "application": "<i>"}),
    ("sign-up-closed", CLOSED, {"application": "Supplier portal", "sign_in_url": "/sign-in"}),
    ("sign-up-closed-nameless", CLOSED, {"application": "", "sign_in_url": "/sign-in"}),
]
