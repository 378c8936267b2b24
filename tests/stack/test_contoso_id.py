"""Contoso ID itself: what a partner's provider has to do so that the product can be tried against it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import sys
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from config.stack.addresses import LOOPBACK, listen
from config.stack.contoso_id.program import Client, Desk, Filed, program, reserve
from config.stack.demo_partner import Registration, provider_for
from config.stack.processes import Child, Group
from providers.connections import connection_to
from providers.models import IdentityProvider
from tenants.audit import Actor
from tenants.models import Tenant
from tests.peers.contoso_id import ContosoId, Person, answer_in, cancel_at, filled_in, sign_in_at
from tests.processes import started
from tests.stack.conftest import eventually, processes_naming
from tests.stack.test_up import stack

RETURN = "http://127.0.0.1:8000/return"
BERTIL = "bertil@contoso-id.example"


class Asking:
    """One client with its code verifier, as it asks for sign-ins."""

    def __init__(self, provider: ContosoId, client: Client) -> None:
        self.provider, self.client = provider, client
        self.verifier = secrets.token_urlsafe(48)

    def url(self, **more: str) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        asked = {
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "response_type": "code",
            "scope": "openid email profile",
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        present = {name: value for name, value in (asked | more).items() if value}
        return f"{self.provider.issuer}/auth?{urlencode(present)}"

    def redeem(self, callback: str, client: Client | None = None) -> requests.Response:
        client = client or self.client
        return requests.post(
            f"{self.provider.issuer}/token",
            data={
                "grant_type": "authorization_code",
                "code": answer_in(callback)["code"],
                "redirect_uri": self.client.redirect_uris[0],
                "code_verifier": self.verifier,
            },
            auth=(client.client_id, client.client_secret),
            timeout=10,
        )

    def claims(self, address: str) -> dict[str, Any]:
        """What the ID token says of whoever signs in with this address."""
        token = self.redeem(sign_in_at(self.url(), address)).json()["id_token"]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return claims


@pytest.fixture
def asking(contoso_id: ContosoId) -> Asking:
    return Asking(contoso_id, contoso_id.register(RETURN))


def test_it_says_in_the_id_token_who_signed_in(asking: Asking) -> None:
    claims = asking.claims(BERTIL)
    assert claims["iss"] == asking.provider.issuer
    assert (claims["email"], claims["email_verified"], claims["name"]) == (BERTIL, True, "Bertil")
    assert BERTIL not in claims["sub"]


def test_R36_it_knows_a_person_by_the_same_subject_whatever_their_address_is_now(asking: Asking) -> None:
    before = asking.claims("Moving@contoso-id.example")
    asking.provider.rename("moving@contoso-id.example", "moved@contoso-id.example")
    for typed in ("moving@contoso-id.example", "moved@contoso-id.example"):
        after = asking.claims(typed)
        assert (after["sub"], after["email"]) == (before["sub"], "moved@contoso-id.example")
    assert asking.claims("somebody@contoso-id.example")["sub"] != before["sub"]


def test_it_vouches_for_no_address_that_is_marked_unverified(asking: Asking) -> None:
    assert asking.claims("unverified+eva@contoso-id.example")["email_verified"] is False


def test_it_gives_nothing_for_a_code_that_was_used(asking: Asking) -> None:
    callback = sign_in_at(asking.url(), BERTIL)
    assert asking.redeem(callback).status_code == 200
    again = asking.redeem(callback)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_it_gives_another_client_nothing_for_a_code(asking: Asking) -> None:
    other = asking.provider.register(RETURN)
    refused = asking.redeem(sign_in_at(asking.url(), BERTIL), client=other)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_it_asks_for_a_proof_of_the_code(asking: Asking) -> None:
    refused = Person().go_to(asking.url(code_challenge="", code_challenge_method=""))
    assert answer_in(refused.headers["Location"])["error"] == "invalid_request"


def test_it_sends_nobody_to_an_address_that_is_not_registered(asking: Asking) -> None:
    refused = Person().go_to(asking.url(redirect_uri="http://127.0.0.1:8000/elsewhere"))
    assert refused.status_code == 400
    assert "This did not work" in refused.text


def test_it_says_when_the_person_cancelled(asking: Asking) -> None:
    assert answer_in(cancel_at(asking.url()))["error"] == "access_denied"


def test_it_shows_its_page_again_for_what_is_no_address(asking: Asking) -> None:
    person = Person()
    page = person.press(person.go_to(asking.url()), address='"><b>bertil')
    assert page.status_code == 422
    assert "<b>" not in page.text
    assert filled_in(page) == '"><b>bertil'


def test_it_fills_in_whom_it_was_told_to_expect(asking: Asking) -> None:
    assert filled_in(Person().go_to(asking.url(login_hint=BERTIL))) == BERTIL


def test_it_asks_again_only_where_it_is_told_to(asking: Asking) -> None:
    person = Person()
    sign_in_at(asking.url(), BERTIL, person)
    assert "code" in answer_in(person.go_to(asking.url()).headers["Location"])
    for prompt in ("select_account", "login"):
        page = person.go_to(asking.url(prompt=prompt))
        assert f"You are signed in here as {BERTIL}" in page.text
        assert filled_in(page) == BERTIL
        assert "code" in answer_in(person.press(page, address=BERTIL).headers["Location"])


def test_it_lets_another_person_sign_in_at_the_same_browser(asking: Asking) -> None:
    person = Person()
    sign_in_at(asking.url(), BERTIL, person)
    sign_in_at(asking.url(prompt="select_account"), "karin@contoso-id.example", person)
    assert filled_in(person.go_to(asking.url(prompt="select_account"))) == "karin@contoso-id.example"


def test_it_keeps_its_issuer_and_its_client_and_tells_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "contoso-id.json"
    with listen(LOOPBACK, 0) as found:
        port = found.getsockname()[1]
    first = Desk(path, port=port)
    assert path.stat().st_mode & 0o077 == 0
    assert first.filed.clients[0].client_secret not in repr(first.filed)
    beside = Desk(path, port=port)  # its port is taken now
    assert (first.filed.port, beside.filed.clients) == (port, first.filed.clients)
    assert beside.filed.port != port
    for desk in (first, beside):
        desk.listening.close()
    again = Desk(path, port=port)
    assert again.filed == beside.filed
    again.listening.close()


@pytest.mark.parametrize("damaged", ["", "{}", "[]", '{"port": 1, "clients": [{}], "renamed": {}}'])
def test_it_makes_a_new_registration_where_its_file_is_damaged(tmp_path: Path, damaged: str) -> None:
    path = tmp_path / "contoso-id.json"
    path.write_text(damaged)
    desk = Desk(path, port=0)
    desk.listening.close()
    assert Filed.read(path) == desk.filed
    assert desk.filed.clients[0].client_secret


@pytest.mark.faults
@pytest.mark.usefixtures("contoso_id")
def test_it_is_left_out_of_the_demonstration_where_there_is_no_node(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("cksum", "env", "setpriv", "sh", "true", "unshare"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    with stack(tmp_path / "without", path=str(tools)) as without:
        assert without.is_up(), without.said
        assert "Nicole’s invitation" in without.said
        assert "Bertil" not in without.said
        assert "Contoso" not in without.said


def test_R36_it_is_another_provider_when_it_answers_elsewhere(
    in_fabrikam: Tenant, operator: Actor, now: datetime, settings: Any
) -> None:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    first = Registration("http://localhost:8002", "vestibule-1", "secret-1")
    made = provider_for(first, actor=operator, now=now)
    assert isinstance(made, IdentityProvider)
    assert provider_for(first, actor=operator, now=now) == made
    moved = provider_for(replace(first, issuer="http://localhost:8012"), actor=operator, now=now)
    assert isinstance(moved, IdentityProvider)
    assert moved.id != made.id
    assert [one.settings["issuer"] for one in IdentityProvider.objects.all()] == ["http://localhost:8012"]
    assert connection_to(moved).secret == "secret-1"


PARENT = """
import sys, time
from pathlib import Path
from config.stack.contoso_id.program import Filed, program, reserve
from config.stack.processes import Group

folder = Path(sys.argv[1])
listening = reserve(None)
Filed(listening.getsockname()[1]).write(folder / "contoso-id.json")
Group(folder).start(program(listening, folder / "contoso-id.json"))
time.sleep(600)
"""


@pytest.mark.faults
@pytest.mark.usefixtures("contoso_id")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_it_ends_with_whoever_started_it_even_when_that_one_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "contoso-id.log"
    with started([sys.executable, "-c", PARENT, str(tmp_path)]) as parent:
        assert eventually(lambda: log.exists() and "READY" in log.read_text())
        parent.kill()
    assert eventually(lambda: not processes_naming(str(tmp_path)))


@pytest.mark.usefixtures("contoso_id")
def test_it_answers_what_was_asked_before_it_was_up(tmp_path: Path) -> None:
    path = tmp_path / "contoso-id.json"
    with reserve(None) as listening, Group(tmp_path) as group:
        filed = Filed(listening.getsockname()[1])
        filed.write(path)
        started: Child = group.start(program(listening, path))
        found = requests.get(f"{filed.issuer}/.well-known/openid-configuration", timeout=20).json()
        assert found["issuer"] == filed.issuer
        assert found["code_challenge_methods_supported"] == ["S256"]
        assert not started.has_ended()
