"""`script/up --walk`: two guests' whole ways, on a stack of its own, as a browser and a mailbox see them.

Knows what must be seen at each step, and stops at the first that is not. Touches nothing but what a guest can reach, a
mail program and `manage.py`: no step looks into a table.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

from config.stack import local_env, mail_folder
from config.stack.addresses import LOOPBACK, CannotListen, Listen, listen
from config.stack.browser import Browser, CannotDo, Page
from config.stack.card import show_sentence, show_step
from config.stack.data_folder import DataFolder
from config.stack.ending import Ended, ended_by_signals
from config.stack.launcher import CannotRunAsRoot
from config.stack.local_stack import Running, running_stack
from config.stack.postgres import DidNotStart
from config.stack.processes import ROOT

TENANT, GUEST = "fabrikam.example", "nicole@firstupconsultants.com"
PARTNERS_GUEST = "bertil@contoso-id.example"
MAIL_WITHIN = 20.0  # seconds; the relay takes up what no worker has
_CODE = re.compile(r"^\s*(\d{4} \d{4})\s*$", re.MULTILINE)
_LINK = re.compile(r"^\s*(http\S+/redeem/\S+)\s*$", re.MULTILINE)


class NotSo(Exception):
    """A step did not show what it must."""


def walk() -> int:
    """Go the whole way. Returns 0 only if every step held; everything is stopped and gone in any case."""
    began = time.monotonic()
    try:
        with ended_by_signals(), ExitStack() as stack:
            folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vestibule-walk-"))))
            running = stack.enter_context(running_stack(folder, Listen(LOOPBACK, free_port()), environment={}))
            show_step("Everything is up: PostgreSQL, Valkey, web, worker, relay, mail, application", began)
            way = Walk(running, folder)
            for sentence, step in [*way.steps(), *way.partners_steps()]:
                at = time.monotonic()
                try:
                    step()
                except (NotSo, CannotDo, OSError) as error:
                    show_sentence(f"  FAILED   {sentence}: {error}")
                    return 1
                show_step(sentence, at)
    except (CannotListen, CannotRunAsRoot, DidNotStart) as error:
        show_sentence(str(error))
        return 1
    except Ended as ended:
        return 128 + ended.signal_number
    if not running.made["partner_link"]:
        show_sentence("  Contoso ID was left out: config/stack/contoso_id/install says what it needs.")
    show_sentence(f"Every step held, in {time.monotonic() - began:.1f} s, and everything has been stopped.")
    return 0


class Walk:
    """Nicole, their browser and their mailbox; somebody at a shell of the server; then Bertil, at another browser."""

    def __init__(self, running: Running, folder: DataFolder) -> None:
        self.origin = running.variables["PUBLIC_URL"]
        self.application = running.variables["DEMO_APP_ORIGIN"]
        self.partners_link: str = running.made["partner_link"]
        self.folder = folder
        self.browser = Browser()
        self.page: Page
        self.link = self.old_link = self.code = ""
        self.read_until = ""

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """What is said of each step once it held, and the step."""
        return [
            ("Nicole finds the invitation in their mailbox", self.find_invitation),
            ("They open the link; nothing is sent by that", self.open_link),
            ("They press Send code", self.send_code),
            ("The code is in their mailbox", self.find_code),
            ("A wrong code is refused", self.type_wrong_code),
            ("The right one is taken; they review the permissions", self.type_code),
            ("They accept them and read the terms of use", self.accept_permissions),
            ("They accept those and are in the application, on its own origin", self.accept_terms),
            ("My Apps shows it as well", self.see_my_apps),
            ("The tenant turns email one-time passcodes off (manage.py set_email_passcode)", self.turn_off),
            ("Their session has ended", self.find_session_ended),
            ("Their link refuses them with E-OTP-OFF and the remedy", self.find_refused),
            ("Their redemption status is reset (manage.py reset_redemption --mail)", self.reset),
            ("The link from before no longer works", self.find_link_gone),
            ("The new link asks them to create a Microsoft account, as codes are off", self.find_other_method),
            ("The tenant turns them on again", self.turn_on),
            ("The new link sends a code", self.redeem_again),
            ("They redeem anew: code, permissions, terms, application", self.finish_again),
        ]

    def partners_steps(self) -> list[tuple[str, Callable[[], None]]]:
        """The same for a guest whose company has a provider of its own; none where Contoso ID does not run."""
        if not self.partners_link:
            return []
        return [
            ("Bertil opens the invitation, which sends no mail either", self.open_partners_link),
            ("They continue to Contoso ID, which is told whom to expect", self.go_to_partner),
            ("They sign in there and are back to review the permissions", self.sign_in_at_partner),
            ("They accept them and the terms, and are in the application", self.accept_all),
            ("My Apps is open to them", self.see_partners_apps),
        ]

    def find_invitation(self) -> None:
        self.link = self._mailed(_LINK)

    def open_link(self) -> None:
        self.page = self.browser.open(self.link)
        self._see("You’re invited to Fabrikam")
        if self._new_mails():
            raise NotSo("opening the link sent a mail")

    def send_code(self) -> None:
        self.page = self.browser.press(self.page, "Send code")
        self._see("Enter your code")

    def find_code(self) -> None:
        self.code = self._mailed(_CODE)

    def type_wrong_code(self) -> None:
        wrong = f"{(int(self.code.replace(' ', '')) + 1) % 10**8:08d}"
        self.page = self.browser.press(self.page, "Continue", code=wrong)
        self._see("Enter your code", HTTPStatus.UNPROCESSABLE_ENTITY, "That code did not work")

    def type_code(self) -> None:
        self.page = self.browser.press(self.page, "Continue", code=self.code)
        self._see("Review permissions")

    def accept_permissions(self) -> None:
        self.page = self.browser.press(self.page, "Accept")
        self._see("Terms of use")

    def accept_terms(self) -> None:
        self.page = self.browser.press(self.page, "Accept")
        self._see("Expense reports")
        if not self.page.url.startswith(f"{self.application}/"):
            raise NotSo(f"the application is on {self.application}, and the guest is on {self.page.url}")

    def see_my_apps(self) -> None:
        self.page = self.browser.open(f"{self.origin}/myapps/{TENANT}")
        self._see("My Apps", HTTPStatus.OK, GUEST, "Expense reports")

    def turn_off(self) -> None:
        self._manage("set_email_passcode", "--tenant", TENANT, "disabled", "--yes")

    def find_session_ended(self) -> None:
        self.page = self.browser.open(f"{self.origin}/myapps/{TENANT}")
        if self.page.heading == "My Apps":
            raise NotSo("My Apps is still open to the guest")

    def find_refused(self) -> None:
        self.page = self.browser.open(self.link)
        self._see("You can’t sign in with a code", HTTPStatus.FORBIDDEN, "E-OTP-OFF", "reset your redemption status")

    def reset(self) -> None:
        self._manage("reset_redemption", "--tenant", TENANT, "--guest", GUEST, "--mail")
        self.old_link, self.link = self.link, self._mailed(_LINK)

    def find_link_gone(self) -> None:
        self.page = self.browser.open(self.old_link)
        self._see("This link no longer works", HTTPStatus.GONE)

    def find_other_method(self) -> None:
        self.page = self.browser.open(self.link)
        self._see("Create a Microsoft account")

    def turn_on(self) -> None:
        self._manage("set_email_passcode", "--tenant", TENANT, "enabled")

    def redeem_again(self) -> None:
        self.open_link()
        self.send_code()
        self.find_code()

    def finish_again(self) -> None:
        self.type_code()
        self.accept_all()

    def open_partners_link(self) -> None:
        self.browser = Browser()
        self.page = self.browser.open(self.partners_link)
        self._see("You’re invited to Fabrikam", HTTPStatus.OK, "Contoso ID")

    def go_to_partner(self) -> None:
        self.page = self.browser.press(self.page, "Continue to Contoso ID")
        self._see("Contoso ID")
        if self.page.form_with("Continue").fields.get("address") != PARTNERS_GUEST:
            raise NotSo("Contoso ID was not told the address")

    def sign_in_at_partner(self) -> None:
        self.page = self.browser.press(self.page, "Continue")
        self._see("Review permissions")

    def accept_all(self) -> None:
        self.accept_permissions()
        self.accept_terms()

    def see_partners_apps(self) -> None:
        self.page = self.browser.open(f"{self.origin}/myapps/{TENANT}")
        self._see("My Apps", HTTPStatus.OK, PARTNERS_GUEST, "Expense reports")

    def _see(self, heading: str, status: HTTPStatus = HTTPStatus.OK, *words: str) -> None:
        """The page must have this status, begin its heading like this and say these words. Raises NotSo."""
        page = self.page
        if page.status != status or not page.heading.startswith(heading):
            raise NotSo(f"expected “{heading}” ({status}), saw “{page.heading}” ({page.status}) at {page.url}")
        missing = [word for word in words if word not in page.text]
        if missing:
            raise NotSo(f"“{page.heading}” does not say “{missing[0]}”")

    def _new_mails(self) -> list[mail_folder.StoredMail]:
        """Nicole's mails that were not read yet, oldest first."""
        names = [name for name in mail_folder.names(self.folder.mail) if name > self.read_until]
        mails = [mail_folder.read(self.folder.mail, name) for name in reversed(names)]
        return [mail for mail in mails if mail is not None and GUEST in mail.recipients]

    def _mailed(self, pattern: re.Pattern[str]) -> str:
        """What the pattern finds in the next mail that has it. Waits for it; raises NotSo when none comes."""
        deadline = time.monotonic() + MAIL_WITHIN
        while time.monotonic() < deadline:
            for mail in self._new_mails():
                self.read_until = mail.name
                if found := pattern.search(mail.part("plain") or ""):
                    return found[1]
            time.sleep(0.05)
        raise NotSo(f"no mail came within {MAIL_WITHIN:.0f} s")

    def _manage(self, *words: str) -> None:
        """Run a command of manage.py, told only where the data lie: it finds the stack by itself. Raises NotSo."""
        environment = local_env.without_settings() | {"DATA_DIR": str(self.folder.path)}
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotSo(f"manage.py {' '.join(words)} failed:\n{done.stderr.strip()}")


def free_port() -> int:
    """A port that nothing listened on just now."""
    with listen(LOOPBACK, 0) as found:
        port: int = found.getsockname()[1]
        return port
