"""What the pages of the other ways in can be asked to show: name, template, context and whose page (R30, R36)."""

from __future__ import annotations

from typing import Any

from guests.views.elsewhere import ACCOUNTS
from guests.views.wording import DECLINED_UNINVITED, NOT_VOUCHED_FOR, OTHER_ACCOUNT, WORDS, Words
from tenants.refusals import Code

MASKED, NICOLE = "n•••e@firstupconsultants.com", "nicole@firstupconsultants.com"
LONG_MASKED = "a•••n@consulting.subsidiary.verwaltung.donaudampfschifffahrtselektrizitaeten.example"
LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft und Co"
TYPED = {"email": NICOLE, "to": "sealed"}
LEAVE: dict[str, Any] = {
    "go_url": "/here",
    "hidden": {},
    "provider": "Contoso ID",
    "masked_address": MASKED,
    "inviter": "Adele Vance",
    "application": "Expense reports",
    "is_new": True,
    "start_again_url": "/start",
    "skip_url": "",
}
TYPED_IN = LEAVE | {"hidden": TYPED, "inviter": "", "application": "", "is_new": False}
SKIP = {"skip_url": "/here?skip=google"}
HOSTILE_LEAVE = {"provider": "<b>Contoso</b>", "inviter": "<i>Eve</i>", "hidden": {"email": '"><script>'}}
CHOICES = [
    {"value": method.value, "name": name, "description": description}
    for method, (name, description) in ACCOUNTS.items()
]
CHOOSE: dict[str, Any] = {"choose_url": "/here", "hidden": {}, "masked_address": MASKED, "choices": CHOICES}
MICROSOFT: dict[str, Any] = {
    "masked_address": MASKED,
    "inviter": "Adele Vance",
    "create_url": "https://signup.live.com/?username=nicole%40firstupconsultants.com",
    "go_url": "/here",
    "hidden": {},
    "codes_are_off": True,
}
NOT_INSTALLED = MICROSOFT | {"create_url": ""}
OTHER_METHOD = {"provider": "Contoso ID", "address": NICOLE, "go_url": "/front"}
OTHER: dict[str, Any] = {
    "provider": "Contoso ID",
    "claimed_address": "bertil@firstupconsultants.com",
    "expected_address": MASKED,
    "is_invited": True,
    "prove_url": "",
    "another_url": "/another",
}
PROVE = OTHER | {"prove_url": "/prove"}
CONTINUE, CHOICE = "sign_in/continue.html", "redemption/choose_method.html"
CREATE, METHOD = "sign_in/create_microsoft_account.html", "sign_in/other_method.html"

WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("continue", CONTINUE, LEAVE),
    ("continue-skip", CONTINUE, LEAVE | SKIP),
    ("continue-no-application", CONTINUE, LEAVE | {"application": ""}),
    ("continue-again", CONTINUE, LEAVE | {"is_new": False}),
    ("continue-typed", CONTINUE, TYPED_IN),
    ("continue-typed-skip", CONTINUE, TYPED_IN | SKIP | {"application": "Expense reports"}),
    ("continue-hostile", CONTINUE, LEAVE | HOSTILE_LEAVE),
    ("continue-rtl", CONTINUE, LEAVE | SKIP | {"dir": "rtl"}),
    ("choose-method", CHOICE, CHOOSE),
    ("choose-method-typed", CHOICE, CHOOSE | {"hidden": TYPED}),
    ("create-microsoft", CREATE, MICROSOFT),
    ("create-microsoft-typed", CREATE, MICROSOFT | {"inviter": "", "hidden": TYPED}),
    ("create-microsoft-codes-on", CREATE, MICROSOFT | {"codes_are_off": False}),
    ("create-microsoft-none", CREATE, NOT_INSTALLED),
    ("create-microsoft-none-typed", CREATE, NOT_INSTALLED | {"inviter": "", "codes_are_off": False}),
    ("other-method", METHOD, OTHER_METHOD),
]
LONG_WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("continue-long", CONTINUE, LEAVE | SKIP | {"provider": LONG_NAME, "masked_address": LONG_MASKED}),
    ("choose-method-long", CHOICE, CHOOSE | {"masked_address": LONG_MASKED}),
    ("create-microsoft-long", CREATE, MICROSOFT | {"masked_address": LONG_MASKED}),
    ("other-method-long", METHOD, OTHER_METHOD | {"provider": LONG_NAME, "address": LONG_MASKED}),
]
WAYS_REFUSED: list[tuple[str, Words, str, dict[str, Any]]] = [
    ("other-account", OTHER_ACCOUNT, "E-WRONG-ACCOUNT", OTHER),
    ("other-account-typed", OTHER_ACCOUNT, "E-WRONG-ACCOUNT", OTHER | {"is_invited": False}),
    ("other-account-code", NOT_VOUCHED_FOR, "E-WRONG-ACCOUNT", PROVE),
    ("other-account-nameless", NOT_VOUCHED_FOR, "E-WRONG-ACCOUNT", PROVE | {"claimed_address": ""}),
    ("other-account-long", NOT_VOUCHED_FOR, "E-WRONG-ACCOUNT", PROVE | {"claimed_address": f"x.{LONG_MASKED}"}),
    ("other-account-rtl", NOT_VOUCHED_FOR, "E-WRONG-ACCOUNT", PROVE | {"dir": "rtl"}),
    ("provider-again", WORDS[Code.PROVIDER], "E-PROVIDER", {"button_url": "/link"}),
    ("declined-uninvited", DECLINED_UNINVITED, "E-DECLINED", {}),
    ("not-invited-proven", WORDS[Code.NOT_INVITED], "E-NOT-INVITED", {"button_url": "/front"}),
]
