"""Each mail with all that it may say, and with the least."""

from __future__ import annotations

from dataclasses import replace

from tenants.colours import VESTIBULE, brand
from tests.house.page_samples import BARE, FABRIKAM, LONG, NICOLE, Sample, at

PASSCODE_MAIL = {
    "tenant": FABRIKAM,
    "colours": brand("#274690"),
    "address": NICOLE,
    "code": "01234567",
    "expires_at": at(19, 58),
    "minutes": 30,
    "requested_at": at(19, 28),
}
INVITATION_MAIL = {
    "tenant": FABRIKAM,
    "colours": brand("#274690"),
    "address": NICOLE,
    "inviter": "Adele Vance",
    "inviter_address": "adele@fabrikam.example",
    "application": "Expense reports",
    "message": "Hello Nicole,\nplease hand in the receipts of the trip: https://evil.example <b>now</b>.\n\nAdele",
    "url": "https://guests.fabrikam.example/fabrikam.example/redeem/kT3x9Q-7vLrE2mNw8sYbZ4cHdJfGpAaUoRtXiKqWeM0",
    "expires_at": at(19, 0, day=30),
}
COPY_MAIL = {
    **{
        name: INVITATION_MAIL[name] for name in ("tenant", "colours", "inviter", "application", "message", "expires_at")
    },
    "address": "cleo@contoso.example",
    "guest": "Nicole Wagner",
    "guest_address": NICOLE,
}
REQUEST_MAIL = {
    "tenant": FABRIKAM,
    "colours": brand("#274690"),
    "address": NICOLE,
    "name": "Nicole Wagner",
    "asked": "adele@fabrikam.example",
    "url": "https://guests.fabrikam.example/admin/guests/guest/9f0c/change/",
}
HEBREW = "חברת אלומות 24"
RIGHT_TO_LEFT = {
    "tenant": replace(FABRIKAM, name=HEBREW),
    **dict.fromkeys(("inviter", "application", "name", "guest", "operator"), HEBREW),
    "message": "שלום ניקול,\nsee you on Monday.",
}
"""Names that would turn an English sentence round."""

MAILS = [
    Sample("passcode", "email/passcode", PASSCODE_MAIL),
    Sample("passcode-bare", "email/passcode", PASSCODE_MAIL | {"tenant": BARE, "colours": VESTIBULE}),
    Sample("invitation", "email/invitation", INVITATION_MAIL),
    Sample(
        "invitation-bare",
        "email/invitation",
        INVITATION_MAIL
        | {
            "tenant": LONG,
            "application": "",
            "message": "",
            "inviter_address": "",
            "expires_at": None,
            "colours": VESTIBULE,
        },
    ),
    Sample("invitation-copy", "email/invitation_copy", COPY_MAIL),
    Sample(
        "invitation-copy-bare",
        "email/invitation_copy",
        COPY_MAIL | {"tenant": LONG, "guest": "", "application": "", "message": "", "expires_at": None},
    ),
    Sample("invitation-right-to-left", "email/invitation", INVITATION_MAIL | RIGHT_TO_LEFT),
    Sample("invitation-request", "email/invitation_request", REQUEST_MAIL),
    Sample("invitation-request-unnamed", "email/invitation_request", REQUEST_MAIL | {"name": ""}),
]
