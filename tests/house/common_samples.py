"""What the pages without a tenant can be asked to show: name, template, context and whose page (R37d)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from guests.views.refusals import malformed_code
from guests.views.wording import Problem

MASKED = "n•••e@firstupconsultants.com"
PLACES = [
    {"name": "Fabrikam", "domain": "fabrikam.example", "url": "/f", "logo_url": "/logo.png"},
    {"name": "Contoso", "domain": "contoso.example", "url": "/c", "logo_url": ""},
]
SIGN_IN: dict[str, Any] = {
    "submit_url": "/here",
    "options_url": "/options",
    "email": "",
    "error": None,
    "recent": PLACES,
    "forget_url": "/forget",
}
PAGE: dict[str, Any] = {
    "submit_url": "/here",
    "application": "Meetings",
    "hidden": {"to": "sealed"},
    "email": "",
    "error": None,
    "options_url": "/options",
}
NO_ADDRESS = Problem("", "Enter the whole address, with an @ in it, such as nicole@example.com.")
CODE: dict[str, Any] = {
    "code_url": "/here",
    "resend_url": "/again",
    "start_again_url": "/start",
    "options_url": "/options",
    "application": "Meetings",
    "masked_address": MASKED,
    "expires_at": datetime(2026, 11, 22, 19, 38, tzinfo=UTC),
    "from_address": "no-reply@guests.example",
    "sent_at": datetime(2026, 11, 22, 19, 28, tzinfo=UTC),
    "error": None,
    "wait": None,
    "sent_again": "",
    "may_resend": True,
}
WAIT = {"until": datetime(2026, 11, 22, 19, 33, tzinfo=UTC), "left": 2}
OTHERS: dict[str, Any] = {
    "address": "nicole@firstupconsultants.com",
    "organizations": PLACES,
    "is_proven": True,
    "organization_url": "/organization",
    "my_apps_url": "/myapps",
}
UNKNOWN = OTHERS | {"organizations": [], "is_proven": False}
ELSEWHERE = {"application": "Meetings", "domain": "firstup.example", "options_url": "/o", "start_again_url": "/s"}

WITHOUT_TENANT = [
    ("sign-in-recent", "sign_in/sign_in.html", SIGN_IN),
    ("first-party", "sign_in/first_party.html", PAGE),
    ("first-party-error", "sign_in/first_party.html", PAGE | {"email": "nicole", "error": NO_ADDRESS}),
    ("first-party-hostile", "sign_in/first_party.html", PAGE | {"application": "<b>Meet</b>", "email": '"><script>'}),
    ("first-party-elsewhere", "sign_in/first_party_elsewhere.html", ELSEWHERE),
    ("first-party-code", "sign_in/first_party_code.html", CODE),
    ("first-party-code-error", "sign_in/first_party_code.html", CODE | {"error": malformed_code("1234")}),
    ("first-party-code-wait", "sign_in/first_party_code.html", CODE | {"wait": WAIT}),
    ("first-party-code-again", "sign_in/first_party_code.html", CODE | {"sent_again": "same", "application": ""}),
    ("first-party-code-new", "sign_in/first_party_code.html", CODE | {"sent_again": "new", "may_resend": False}),
]
OF_A_TENANT = [
    ("other-organizations", "apps/other_organizations.html", OTHERS),
    ("other-organizations-unknown", "apps/other_organizations.html", UNKNOWN),
    ("other-organizations-none", "apps/other_organizations.html", OTHERS | {"organizations": []}),
]
