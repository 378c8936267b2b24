"""One table of everything that a guest page can be asked to show, for whoever looks at pages: tests, axe, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from guests.views.pages import Plate
from guests.views.refusals import malformed_code, problem
from guests.views.wording import FOR_KNOWN, PAUSED, UNKNOWN_ORGANIZATION, WORDS, Problem, Words
from tenants.refusals import Code, Refusal
from tests.house.common_samples import OF_A_TENANT, WITHOUT_TENANT
from tests.house.own_samples import OWN
from tests.house.sign_up_samples import SIGN_UP
from tests.house.way_samples import LONG_WAYS, WAYS, WAYS_REFUSED

NOW = datetime(2026, 11, 22, 19, 32, tzinfo=UTC)
FABRIKAM = Plate("Fabrikam", "fabrikam.example", "https://fabrikam.example/privacy", "/logo.png", "/brand.css")
BARE = Plate("Contoso", "contoso.example", "", "", "")
LONG = Plate(
    "Königlich-Bayerische Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "verwaltung.donaudampfschifffahrtselektrizitaeten.example",
    "",
    "",
    "",
)
HOSTILE = Plate("<b>Fab</b> & “Söhne”", "fab.example", 'https://fab.example/?a="><script>', "", "")
MASKED = "n•••e@firstupconsultants.com"
NICOLE = "nicole@firstupconsultants.com"
LONG_ADDRESS = "anne-catherine.von-und-zu-lichtenstein.extern@consulting.subsidiary.firstupconsultants.example"
URL = "/here"


def at(hour: int, minute: int, *, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A template with the names it needs. `id` is what a picture of it is called."""

    id: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    tenant: Plate | None = FABRIKAM

    @property
    def names(self) -> dict[str, Any]:
        return {"tenant": self.tenant, "now": NOW, "reference": "7F3A-91C2-0D4E", "csrf_token": "mock", **self.context}


CODE_PAGE = {
    "code_url": URL,
    "resend_url": "/again",
    "start_again_url": "/start",
    "masked_address": MASKED,
    "expires_at": at(19, 58),
    "from_name": "Fabrikam",
    "from_address": "no-reply@fabrikam.example",
    "subject": "Your code for Fabrikam",
    "sent_at": at(19, 28),
    "error": None,
    "wait": None,
    "sent_again": "",
    "may_resend": True,
    "mail": None,
    "inviter": "Adele Vance",
    "is_invitation": True,
}
MAIL = {"at": at(19, 28), "next_at": at(19, 33), "why": "", "domain": "firstupconsultants.com"}
REDEEM = {"send_url": URL, "masked_address": MASKED, "inviter": "Adele Vance", "application": "Expense reports"}
EMAIL: dict[str, Any] = {
    "submit_url": URL,
    "email": "",
    "error": None,
    "hidden": {},
    "application": "",
    "organizations_url": "/o",
}
NO_ADDRESS = Problem("", "Enter the whole address, with an @ in it, such as nicole@example.com.")
TERMS = """1. What this is for

You use Fabrikam’s applications for the work that you were invited for, and for nothing else.

2. Keep it to yourself

What you see here belongs to Fabrikam or to its customers.
Do not pass it on, also not after your work has ended.

3. When it ends

Fabrikam may end your access at any time. <script>alert(1)</script>"""
TERMS_PAGE = {"answer_url": URL, "version": 3, "published_at": date(2026, 9, 1), "terms_text": TERMS}
APPLICATIONS = [
    {"name": "Expense reports", "description": "Claims and receipts", "url": "/a", "image_url": ""},
    {"name": "Drawing room", "description": "Plans for the Riga site", "url": "/b", "image_url": "/logo.png"},
    {"name": "Supplier portal", "description": "", "url": "/c", "image_url": ""},
]
APPS = {
    "address": NICOLE,
    "ends_at": at(19, 29, day=23),
    "signs_in_with_code": True,
    "applications": APPLICATIONS,
    "sign_out_url": URL,
    "inviter": "Adele Vance",
    "links": [{"name": "What you agreed to", "url": "/agreed"}],
}
EXPIRED = {"start_again_url": "/s", "masked_address": MASKED, "expired_at": at(19, 28), "minutes": 30}
SIGN_IN: dict[str, Any] = {"submit_url": URL, "options_url": "/options", "email": "", "error": None, "recent": []}
ORGANIZATION = {"submit_url": URL, "organization": "", "error": None, "back_url": "/back"}


def refused(name: str, words: Words, code: str, **more: Any) -> Sample:
    """A refusal as `refuse` would show it, its braces filled."""
    filled = {
        "tenant": "Fabrikam",
        "inviter": "Adele Vance",
        "address": NICOLE,
        "provider": "Contoso ID",
        "code": code,
        "reference": "7F3A-91C2-0D4E",
    }
    return Sample(
        name,
        words.template,
        {
            "page": (words.page or words.heading).format_map(filled),
            "heading": words.heading.format_map(filled),
            "sentences": [text.format_map(filled) for text in words.sentences],
            "remedy": words.remedy.format_map(filled),
            "copy": words.copy.format_map(filled),
            "button_url": "/back",
            "button_name": words.button or "Back to sign-in",
            "code": code,
            **more,
        },
    )


SAMPLES = [
    Sample("redeem", "redemption/redeem.html", REDEEM),
    Sample("redeem-no-application", "redemption/redeem.html", REDEEM | {"application": ""}, BARE),
    Sample("redeem-long", "redemption/redeem.html", REDEEM | {"masked_address": LONG_ADDRESS}, LONG),
    Sample("redeem-hostile", "redemption/redeem.html", REDEEM | {"inviter": "<i>Eve</i>"}, HOSTILE),
    Sample("send-code", "sign_in/send_code.html", REDEEM | {"hidden": {"email": NICOLE}, "start_again_url": "/start"}),
    Sample("enter-code", "sign_in/enter_code.html", CODE_PAGE | {"mail": MAIL | {"state": "handed_over"}}),
    Sample("enter-code-queued", "sign_in/enter_code.html", CODE_PAGE | {"mail": MAIL | {"state": "queued"}}),
    Sample(
        "enter-code-delivered",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "delivered"}, "sent_again": "same"},
    ),
    Sample(
        "enter-code-bounced",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "bounced", "why": "there is no such mailbox"}},
    ),
    Sample(
        "enter-code-failed",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "failed"}, "sent_again": "new"},
    ),
    Sample(
        "enter-code-wait",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "deferred"}, "wait": {"until": at(19, 33), "left": 2}},
    ),
    Sample("enter-code-wait-once", "sign_in/enter_code.html", CODE_PAGE | {"wait": {"until": at(19, 33), "left": 1}}),
    Sample(
        "enter-code-malformed",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "delivered"}, "error": malformed_code("1234 567")},
    ),
    Sample(
        "enter-code-wrong",
        "sign_in/enter_code.html",
        CODE_PAGE | {"mail": MAIL | {"state": "delivered"}, "error": problem(Refusal(Code.CODE))},
    ),
    Sample("enter-code-stranger", "sign_in/enter_code.html", CODE_PAGE | {"is_invitation": False}),
    Sample("enter-code-stranger-wrong", "sign_in/enter_code.html", CODE_PAGE | {"error": problem(Refusal(Code.CODE))}),
    Sample("enter-code-spent", "sign_in/enter_code.html", CODE_PAGE | {"may_resend": False}),
    Sample("enter-code-long", "sign_in/enter_code.html", CODE_PAGE | {"masked_address": LONG_ADDRESS}, LONG),
    Sample(
        "enter-code-rtl", "sign_in/enter_code.html", CODE_PAGE | {"dir": "rtl", "mail": MAIL | {"state": "handed_over"}}
    ),
    Sample("code-expired", "sign_in/code_expired.html", EXPIRED | {"send_url": URL, "may_resend": True}),
    Sample("code-expired-spent", "sign_in/code_expired.html", EXPIRED | {"send_url": "/s", "may_resend": False}),
    Sample("flow-lost", "sign_in/flow_lost.html", {"sign_in_url": URL, "has_cookies": True}),
    Sample("flow-lost-no-cookies", "sign_in/flow_lost.html", {"sign_in_url": URL, "has_cookies": False}),
    Sample("front-door", "sign_in/front_door.html", EMAIL),
    Sample(
        "front-door-application",
        "sign_in/front_door.html",
        EMAIL | {"application": "Expense reports", "hidden": {"next": "/x"}},
    ),
    Sample("front-door-error", "sign_in/front_door.html", EMAIL | {"email": "nicole", "error": NO_ADDRESS}),
    Sample("front-door-hostile", "sign_in/front_door.html", EMAIL | {"email": '"><script>'}, HOSTILE),
    Sample("front-door-sign-up", "sign_in/front_door.html", EMAIL | {"application": "Shop", "sign_up_url": "/sign-up"}),
    Sample("enter-code-sign-up", "sign_in/enter_code.html", CODE_PAGE | {"is_sign_up": True, "is_invitation": False}),
    *(Sample(*one) for one in OWN),
    *(Sample(*one) for one in SIGN_UP),
    *(Sample(*one) for one in OF_A_TENANT),
    *(Sample(*one, tenant=None) for one in WITHOUT_TENANT),
    *(Sample(*one) for one in WAYS),
    *(Sample(*one, tenant=LONG) for one in LONG_WAYS),
    Sample("sign-in", "sign_in/sign_in.html", SIGN_IN, None),
    Sample("sign-in-error", "sign_in/sign_in.html", SIGN_IN | {"email": "nicole", "error": NO_ADDRESS}, None),
    Sample("own-account", "sign_in/own_account.html", {"organization_url": URL, "back_url": "/back"}, None),
    Sample(
        "options", "sign_in/options.html", {"organization_url": URL, "own_account_url": "/own", "back_url": "/b"}, None
    ),
    Sample("organization", "sign_in/organization.html", ORGANIZATION, None),
    Sample(
        "organization-error",
        "sign_in/organization.html",
        ORGANIZATION | {"organization": "Fabricam", "error": UNKNOWN_ORGANIZATION},
        None,
    ),
    Sample("consent", "redemption/consent.html", {"answer_url": URL, "address": NICOLE, "inviter": "Adele Vance"}),
    Sample(
        "consent-no-statement", "redemption/consent.html", {"answer_url": URL, "address": NICOLE, "inviter": ""}, BARE
    ),
    Sample("terms", "redemption/terms.html", TERMS_PAGE),
    Sample("terms-undated", "redemption/terms.html", TERMS_PAGE | {"published_at": None}, LONG),
    Sample("asked", "redemption/asked.html", {"sign_in_url": URL}),
    Sample("my-apps", "apps/my_apps.html", APPS),
    Sample("my-apps-empty", "apps/my_apps.html", APPS | {"applications": [], "links": []}),
    Sample("my-apps-long", "apps/my_apps.html", APPS | {"address": LONG_ADDRESS, "inviter": ""}, LONG),
    Sample("signed-out", "sign_in/signed_out.html", {"sign_in_url": URL}),
    Sample("leaving", "leaving.html", {"url": "https://expenses.example/", "name": "", "host": "expenses.example"}),
    Sample(
        "leaving-named",
        "leaving.html",
        {"url": "https://e.example/", "name": "Expense reports", "host": "e.example"},
        None,
    ),
    refused(
        "otp-off-known",
        FOR_KNOWN[Code.OTP_OFF],
        "E-OTP-OFF",
        write_to="mailto:adele@fabrikam.example",
        write_name="Adele Vance",
    ),
    refused("otp-off", WORDS[Code.OTP_OFF], "E-OTP-OFF"),
    refused("not-invited", WORDS[Code.NOT_INVITED], "E-NOT-INVITED"),
    refused("link-gone", WORDS[Code.LINK_GONE], "E-LINK-GONE", ask_url="/ask"),
    refused("link-gone-no-asking", WORDS[Code.LINK_GONE], "E-LINK-GONE", button_url=""),
    refused(
        "wrong-account",
        WORDS[Code.WRONG_ACCOUNT],
        "E-WRONG-ACCOUNT",
        signed_in_address="bertil@firstupconsultants.com",
        invited_address=MASKED,
        switch_url=URL,
        stay_url="/stay",
    ),
    refused("code", WORDS[Code.CODE], "E-CODE"),
    refused("wait", WORDS[Code.WAIT], "E-WAIT", until=at(20, 14)),
    refused("wait-known", FOR_KNOWN[Code.WAIT], "E-WAIT", until=at(1, 5, day=23)),
    refused("wait-paused", PAUSED, "E-WAIT", until=None),
    refused("blocked", WORDS[Code.BLOCKED], "E-BLOCKED"),
    refused("domain", WORDS[Code.DOMAIN], "E-DOMAIN"),
    refused("no-method", WORDS[Code.NO_METHOD], "E-NO-METHOD"),
    refused("provider", WORDS[Code.PROVIDER], "E-PROVIDER"),
    refused("declined", WORDS[Code.DECLINED], "E-DECLINED"),
    *(refused(name, words, code, **more) for name, words, code, more in WAYS_REFUSED),
    refused("session", WORDS[Code.SESSION], "E-SESSION"),
    refused("session-send", WORDS[Code.SESSION], "E-SESSION", send_url=URL, masked_address=MASKED, hidden={}),
    refused("input", WORDS[Code.INPUT], "E-INPUT"),
    Sample("error-400", "400.html", tenant=None),
    Sample("error-403", "403.html", tenant=None),
    Sample("error-csrf", "403_csrf.html", {"start_again_url": "/start"}),
    Sample("error-404", "404.html", tenant=None),
    Sample("error-413", "413.html", tenant=None),
    Sample("error-proxy", "proxy.html", {"missing": "TRUSTED_PROXIES"}, tenant=None),
    Sample("error-proxy-header", "proxy.html", {"missing": "X-Forwarded-For"}, tenant=None),
    Sample("error-500", "500.html", tenant=None),
    Sample("error-503", "503.html", {"again": "/fabrikam.example"}, tenant=None),
    Sample("error-503-form", "503.html", {"again": ""}, tenant=None),
]
"""Every template, in every state that looks different."""
