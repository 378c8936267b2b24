"""`script/screenshots`: pictures of the running product, on a stack of its own.

Knows which pages are worth a picture and how a person comes to each. Uses the development requirements' browser.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.stack import mail_folder
from config.stack.addresses import LOOPBACK, Listen
from config.stack.card import show_sentence
from config.stack.data_folder import DataFolder
from config.stack.local_stack import Running, running_stack
from config.stack.processes import ROOT
from config.stack.walk import PARTNERS_GUEST, free_port

PICTURES = ROOT / "docs" / "pictures"
VIEWS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}
PEOPLE = {
    "Diego Siciliani": "diego@northwind.example",
    "Lidia Holloway": "lidia@proseware.example",
    "Megan Bowen": "megan@treyresearch.example",
    "Alex Wilber": "alex@adatum.example",
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
MAIL_WITHIN = 30.0
CODE = re.compile(r"^\s*(\d{4} \d{4})\s*$", re.MULTILINE)


class Tour:
    """One person's way past every page worth a picture, in one view."""

    def __init__(self, page: Page, running: Running, folder: DataFolder, out: Path, view: str) -> None:
        self.page, self.running, self.folder, self.out, self.view = page, running, folder, out, view
        self.origin = running.variables["PUBLIC_URL"]

    def shot(self, name: str) -> None:
        """Keep the page as it stands."""
        self.page.screenshot(path=self.out / f"{name}-{self.view}.png", full_page=True)

    def as_guest(self, link: str) -> None:
        """From the link to My Apps."""
        page = self.page
        page.goto(f"{self.origin}/fabrikam.example/redeem/damaged")
        self.shot("link-gone")
        page.goto(f"{self.origin}/fabrikam.example")
        self.shot("front-door")
        page.goto(link)
        self.shot("redeem")
        before = set(mail_folder.names(self.folder.mail))
        page.get_by_role("button", name="Send code").click()
        self.shot("enter-code")
        page.get_by_label("Code").fill("1234")
        page.get_by_role("button", name="Continue").click()
        self.shot("enter-code-error")
        page.get_by_label("Code").fill(self._code(before))
        page.get_by_role("button", name="Continue").click()
        if page.get_by_role("button", name="Accept").count():
            self.shot("consent")
            page.get_by_role("button", name="Accept").click()
            self.shot("terms")
            page.get_by_role("button", name="Accept").click()
        page.wait_for_url(re.compile(re.escape(self.running.variables["DEMO_APP_ORIGIN"])))
        page.goto(f"{self.origin}/myapps/fabrikam.example")
        self.shot("my-apps")
        page.get_by_role("link", name="Where you’re signed in").click()
        self.shot("about-you")
        page.get_by_role("link", name="Leave Fabrikam").click()
        self.shot("leave")
        page.goto(f"{self.origin}/myapps/fabrikam.example")
        page.get_by_role("link", name="Your other organizations").click()
        self.shot("other-organizations")

    def as_partners_guest(self, link: str) -> None:
        """Out to the provider of a guest's own company as somebody else, and back; and where this browser has been."""
        page = self.page
        page.context.clear_cookies()
        page.goto(link)
        self.shot("continue")
        page.get_by_role("button", name="Continue to Contoso ID").click()
        page.get_by_label("Email address").fill(PARTNERS_GUEST.replace("bertil", "karin"))
        self.shot("contoso-id")
        page.get_by_role("button", name="Continue").click()
        self.shot("other-account")
        page.get_by_role("button", name="Use another account").click()
        page.get_by_label("Email address").fill(PARTNERS_GUEST)
        page.get_by_role("button", name="Continue").click()
        while page.get_by_role("button", name="Accept").count():
            page.get_by_role("button", name="Accept").click()
        page.wait_for_url(re.compile(re.escape(self.running.variables["DEMO_APP_ORIGIN"])))
        page.goto(f"{self.origin}/")
        self.shot("sign-in-recent")
        page.goto(f"{self.origin}/myapps/fabrikam.example")
        self.shot("my-apps-partner")
        page.context.clear_cookies()

    def as_administrator(self, backup_code: str) -> None:
        """Through the portal."""
        page, made = self.page, self.running.made
        page.goto(f"{self.origin}/admin/")
        self.shot("portal-login")
        page.fill("[name=username]", made["email"])
        page.fill("[name=password]", made["password"])
        page.fill("[name=otp_token]", backup_code)
        page.click("[type=submit]")
        page.locator("tr", has_text="fabrikam.example").get_by_role("button").click()
        self._invite(PEOPLE)
        page.goto(f"{self.origin}/admin/")
        self.shot("portal-dashboard")
        page.goto(f"{self.origin}/admin/guests/guest/")
        self.shot("portal-guests")
        page.get_by_role("link", name="Nicole Wagner").click()
        self.shot("portal-guest")
        page.get_by_role("link", name="Delete", exact=True).click()
        self.shot("portal-guest-delete")
        self._inviting()
        page.goto(f"{self.origin}/admin/providers/identityprovider/")
        self.shot("portal-providers")
        page.get_by_role("link", name="Configured").last.click()
        self.shot("portal-passcode")
        self._custom_providers()
        page.goto(f"{self.origin}/admin/guests/guest/")
        page.locator("tr", has_text="Nicole Wagner").locator("[name=_selected_action]").check()
        page.select_option("[name=action]", label="Reset redemption status")
        page.get_by_role("button", name="Go").click()
        self.shot("portal-reset")
        page.goto(f"{self.origin}/admin/tenants/auditentry/")
        self.shot("portal-audit")
        for name in ("sign-ins", "errors", "export", "keeping", "trace"):
            page.goto(f"{self.origin}/admin/tenants/auditentry/{name}/?q=nicole@firstupconsultants.com")
            self.shot(f"portal-audit-{name}")
        self._ways_in()
        self._sign_up()

    def _inviting(self) -> None:
        """Somebody who is a guest already, the mail that they would get, and what became of the mails so far."""
        page = self.page
        page.goto(f"{self.origin}/admin/guests/guest/invite/")
        page.fill("[name=email]", PEOPLE["Megan Bowen"])
        page.fill("[name=message]", "Hello Megan, please hand in the receipts here.")
        page.get_by_role("button", name="Invite", exact=True).click()
        self.shot("portal-invite")
        page.get_by_role("button", name="See the email first").click()
        self.shot("portal-invite-preview")
        page.goto(f"{self.origin}/admin/guests/invitation/")
        self.shot("portal-invitations")
        page.locator("#result_list tbody a").first.click()
        self.shot("portal-invitation")
        page.goto(f"{self.origin}/admin/outbox/outboundmail/")
        self.shot("portal-mail")
        page.goto(f"{self.origin}/admin/tenants/tenant/")
        self.shot("portal-settings")

    def _sign_up(self) -> None:
        """An application opened for sign-up, its page for guests with nothing filled in, and closed again."""
        page, switch = self.page, "People may become guests without an invitation"
        page.goto(f"{self.origin}/admin/applications/application/")
        page.locator("#result_list tbody a").first.click()
        application = page.url
        page.get_by_label(switch).check()
        page.get_by_role("button", name="Save").click()
        self.shot("portal-application")
        link = page.locator("code", has_text="/sign-up?").inner_text()
        page.context.clear_cookies(name=re.compile("vestibule-guest"))  # who is a guest is led past it
        page.goto(link)
        self.shot("sign-up")
        page.locator("form").first.evaluate("form => { form.noValidate = true }")
        page.get_by_role("button", name="Send code").click()
        self.shot("sign-up-errors")
        page.goto(application)
        page.get_by_label(switch).uncheck()
        page.get_by_role("button", name="Save").click()

    def _custom_providers(self) -> None:
        """The Custom tab, adding a provider, and the page of the demonstration's own where there is one."""
        page, here = self.page, f"{self.origin}/admin/providers/identityprovider/custom/"
        page.goto(here)
        self.shot("portal-providers-custom")
        if page.locator("#result_list tbody a").count():
            page.locator("#result_list tbody a").first.click()
            self.shot("portal-provider")
        page.goto(f"{here}add/")
        self.shot("portal-provider-kinds")
        page.get_by_role("link", name="SAML 2.0").click()
        self.shot("portal-provider-add")

    def _ways_in(self) -> None:
        """What a change would mean, before it is saved: nothing is, here."""
        page, order = self.page, f"{self.origin}/admin/providers/redemptionorder/"
        page.goto(order)
        page.get_by_label("Always a Microsoft account").check()
        page.get_by_role("button", name="See what it changes").click()
        self.shot("portal-redemption-order")
        page.goto(f"{order}partner/?domain=northwind.example")
        self.shot("portal-partner-order")
        page.goto(f"{order}microsoft-account/")
        self.shot("portal-microsoft-account")
        page.goto(f"{order}known-domains/")
        page.get_by_label("Domains", exact=True).fill("adatum.example\nnot_a_domain")
        page.get_by_role("button", name="See what it changes").click()
        self.shot("portal-known-domains")
        page.goto(f"{self.origin}/admin/guests/guest/explain/")
        page.get_by_label("Email address").fill("nicole@firstupconsultants.com")
        page.get_by_role("button", name="Explain").click()
        self.shot("portal-explain")
        page.goto(f"{self.origin}/admin/providers/identityprovider/custom/")
        if page.locator("#result_list tbody a").count():
            page.locator("#result_list tbody a").first.click()
            provider = page.url.rstrip("/").split("/")[-2]
            for deed in ("disable", "remove"):
                page.goto(f"{order}provider/{provider}/{deed}/")
                self.shot(f"portal-provider-{deed}")

    def _invite(self, people: Mapping[str, str]) -> None:
        """A directory with one guest in it shows little; inviting somebody again changes nothing."""
        for name, address in people.items():
            self.page.goto(f"{self.origin}/admin/guests/guest/invite/")
            self.page.fill("[name=email]", address)
            self.page.fill("[name=display_name]", name)
            self.page.get_by_role("button", name="Invite", exact=True).click()

    def _code(self, before: set[str]) -> str:
        until = time.monotonic() + MAIL_WITHIN
        while time.monotonic() < until:
            for mail in mail_folder.newest(self.folder.mail, 5):
                found = CODE.search(mail.part("plain") or "")
                if found and mail.name not in before:
                    return found[1]
            time.sleep(0.1)
        raise SystemExit(f"No code came within {MAIL_WITHIN:.0f} s.")


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("No Chromium here. On Debian and Ubuntu: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def main(words: list[str]) -> int:
    """With no word, the README's two pictures; with a folder, every page in every view."""
    out = Path(words[0]) if words else None
    with ExitStack() as stack:
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vestibule-pictures-"))))
        running = stack.enter_context(running_stack(folder, Listen(LOOPBACK, free_port()), environment={}))
        browser = stack.enter_context(_browser())
        target = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        target.mkdir(parents=True, exist_ok=True)
        views = VIEWS if out else {"desktop": VIEWS["desktop"]}
        for number, (view, options) in enumerate(views.items()):
            page = browser.new_context(**options).new_page()  # type: ignore[arg-type]  # options by name
            tour = Tour(page, running, folder, target, view)
            tour.as_guest(running.made["invitation_link"])
            if running.made.get("partner_link"):
                tour.as_partners_guest(running.made["partner_link"])
            tour.as_administrator(running.made["codes"][number])
            show_sentence(f"{view}: {len(list(target.glob(f'*-{view}.png')))} pictures")
        if out is None:
            PICTURES.mkdir(parents=True, exist_ok=True)
            shutil.copy(target / "enter-code-desktop.png", PICTURES / "enter-code.png")
            shutil.copy(target / "portal-guests-desktop.png", PICTURES / "portal.png")
            show_sentence(f"The README's pictures are in {PICTURES.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
