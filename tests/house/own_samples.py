"""What a guest's own pages can be asked to show: name, template and context (R53, R55)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from guests.views.wording import Problem


def at(hour: int, minute: int, *, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


THIS = {
    "browser": "Firefox on Windows",
    "source": "203.0.113.24",
    "started_at": at(19, 29),
    "ends_at": at(19, 29, day=23),
    "is_this": True,
}
PHONE = {
    "browser": "Safari on iPhone",
    "source": "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    "started_at": at(8, 2),
    "ends_at": at(8, 2, day=23),
    "is_this": False,
}
LONG = "anne-catherine.von-und-zu-lichtenstein.extern@consulting.subsidiary.firstupconsultants.example"
ABOUT: dict[str, Any] = {
    "name": "Nicole Wagner",
    "address": "nicole@firstupconsultants.com",
    "method": "A code sent to your email",
    "sessions": [THIS, PHONE],
    "agreed": [
        {"name": "What is shared, and how it is used", "version": 0, "at": at(14, 5, day=20)},
        {"name": "Terms of use", "version": 3, "at": at(14, 6, day=20)},
    ],
    "end_others_url": "/others",
    "leave_url": "/leave",
    "my_apps_url": "/apps",
}
LEAVE: dict[str, Any] = {
    "address": "nicole@firstupconsultants.com",
    "sponsor": "Adele Vance",
    "days": 30,
    "leave_url": "/leave",
    "back_url": "/about",
}
NO_ADDRESS = Problem("", "Enter the whole address, with an @ in it, such as nicole@example.com.")
TOO_LONG = Problem("", "The message has 501 characters. 500 fit.")
INVITE: dict[str, Any] = {
    "submit_url": "/invite",
    "my_apps_url": "/apps",
    "email": "",
    "name": "",
    "message": "",
    "error": None,
    "email_error": None,
    "name_error": None,
    "message_error": None,
    "mistakes": [],
    "most": 500,
}
ONE_WRONG = INVITE | {"email": "bertil@", "name": "Bertil", "error": NO_ADDRESS, "email_error": NO_ADDRESS}
TWO_WRONG = ONE_WRONG | {
    "message": "</textarea><script>",
    "message_error": TOO_LONG,
    "mistakes": [{"field": "email", "text": NO_ADDRESS.text}, {"field": "message", "text": TOO_LONG.text}],
}

OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("about-you", "apps/about_you.html", ABOUT),
    ("about-you-one-session", "apps/about_you.html", ABOUT | {"sessions": [THIS], "name": ""}),
    ("about-you-long", "apps/about_you.html", ABOUT | {"address": LONG, "name": "Anne-Catherine " * 6}),
    ("about-you-hostile", "apps/about_you.html", ABOUT | {"name": "<b>Eve</b>", "sessions": [THIS | PHONE]}),
    ("leave", "apps/leave.html", LEAVE),
    ("leave-no-sponsor", "apps/leave.html", LEAVE | {"sponsor": "", "address": LONG}),
    ("invite", "apps/invite.html", INVITE),
    ("invite-error", "apps/invite.html", ONE_WRONG),
    ("invite-errors", "apps/invite.html", TWO_WRONG),
    ("invited", "apps/invited.html", {"invite_url": "/invite", "my_apps_url": "/apps"}),
    ("left", "apps/left.html", {"days": 30}),
]
