"""R63: an administrator keeps their account, over real HTTP: the web server's own transactions, its own hashing."""

from __future__ import annotations

import re
from base64 import b32decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime

import httpx
import pytest
from django_otp.oath import TOTP

from tenants.audit import Actor
from tenants.credentials import Credentials, recover_administrator
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.races.web import Tab, serving

pytestmark = pytest.mark.django_db(transaction=True)

OWN = "a long and fresh password"
NO_CODE = "That code did not work."


@pytest.fixture(scope="module")
def origin(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real web server, which limits what comes from one network."""
    with serving(tmp_path_factory.mktemp("web"), SOURCE_LIMITS_EXEMPT="") as found:
        yield found


@pytest.fixture(autouse=True)
def _quick_passwords() -> None:
    """None here: the web server hashes as in production."""


@pytest.fixture
def recovered(fabrikam: Tenant, operator: Actor, now: datetime) -> Credentials:
    """What the operator reads out to an administrator who lost their device."""
    adele = factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    return recover_administrator(administrator=adele, actor=operator, now=now)


def codes_on(page: httpx.Response) -> list[str]:
    return re.findall(r"<li><code>([^<]+)</code>", page.text)


def app_code(key: str, *, ahead: int = 0) -> str:
    """What an app with this secret shows, that many codes ahead; the server takes one ahead of the clock."""
    shown = TOTP(b32decode(key.replace(" ", "")))
    shown.drift = ahead
    return f"{shown.token():06}"


def set_up(tab: Tab, password: str, code: str) -> str:
    """Begin an app with both factors, read its secret and type its first code. Returns the secret."""
    tab.open("/admin/account/")
    begun = tab.send("/admin/account/authenticator/begin/", password=password, code=code)
    assert begun.status_code == 302, begun.text
    tab.open(begun.headers["Location"])
    found = re.search(r"into the app instead: <code>([^<]+)</code>", tab.page.text)
    assert found, tab.page.text
    assert tab.client.get("/admin/account/authenticator/qr.svg").headers["Content-Type"] == "image/svg+xml"
    used = tab.press(code=app_code(found[1]))
    assert used.status_code == 302, used.text
    tab.open(used.headers["Location"])
    assert "Your authenticator app is set up." in tab.page.text
    return found[1]


def test_R63_a_recovered_administrator_signs_in_sets_up_replaces_and_makes_codes(
    origin: str, fabrikam: Tenant, recovered: Credentials
) -> None:
    with closing(Tab(origin)) as tab:
        tab.open("/admin/")
        first, second, _ = recovered.backup_codes
        signed = tab.press(username="adele@fabrikam.example", password=recovered.password, otp_token=first)
        assert signed.status_code == 302, signed.text
        tab.open(signed.headers["Location"])
        assert "Choose your own password" in tab.page.text
        chosen = tab.press(old_password=recovered.password, new_password1=OWN, new_password2=OWN)
        codes = codes_on(chosen)
        assert len(codes) == 10, chosen.text

        key = set_up(tab, OWN, codes[0])
        newer = set_up(tab, OWN, app_code(key, ahead=1))
        made = tab.send("/admin/account/backup-codes/", password=OWN, code=app_code(newer, ahead=1))
        assert len(set(codes_on(made)) - set(codes)) == 10, made.text

    with closing(Tab(origin)) as tab:
        tab.open("/admin/")
        signed = tab.press(username="adele@fabrikam.example", password=OWN, otp_token=codes_on(made)[0])
        assert signed.status_code == 302, signed.text
        tab.open("/admin/account/")
        for code in ("000000", codes_on(made)[0], second, "zzzz2222"):  # wrong, used, replaced, made up
            refused = tab.send("/admin/account/backup-codes/", password=OWN, code=code)
            assert refused.status_code == 200
            assert NO_CODE in refused.text
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.order_by("id").values_list("action", flat=True)
        assert [action for action in told if action.startswith("administrator.")] == [
            "administrator.recovered",
            "administrator.signed_in",
            "administrator.backup_codes_made",
            "administrator.password_changed",
            "administrator.authenticator_set",
            "administrator.authenticator_set",
            "administrator.backup_codes_made",
            "administrator.signed_in",
        ]


def test_R17_strangers_in_the_office_spend_every_try_and_the_administrators_own_browser_signs_in(
    origin: str, fabrikam: Tenant, recovered: Credentials
) -> None:
    adele = {"username": recovered.administrator.email, "password": recovered.password}
    first, second, third = recovered.backup_codes
    with closing(Tab(origin)) as own, closing(Tab(origin)) as stranger:
        own.open("/admin/login/")
        assert own.press(**adele, otp_token=first).status_code == 302
        own.open("/admin/account/password/")
        assert own.send("/admin/logout/").status_code == 200
        own.open("/admin/login/")

        stranger.open("/admin/login/")
        guesses = [*[adele["username"]] * 10, *(f"nobody{turn}@fabrikam.example" for turn in range(12))]
        with ThreadPoolExecutor(8) as at_once:
            tries = [at_once.submit(stranger.press, username=name, password="wrong", otp_token="x") for name in guesses]
        answers = Counter(one.result().status_code for one in tries)
        assert answers[429] >= 2
        assert answers[200] + answers[429] == len(guesses)

        stranger.open("/admin/login/")
        kept_out = stranger.press(**adele, otp_token=second)
        assert kept_out.status_code == 429
        assert "from your network" in kept_out.text
        signed = own.press(**adele, otp_token=third)
        assert signed.status_code == 302, signed.text
