"""manage.py check_mail: an operator asks whether mail leaves."""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tenants.models import AuditEntry, Outcome, Tenant
from tenants.scope import tenant_scope
from tests.outbox.sink import Does, Sink, part

Check = Callable[..., str]


@pytest.fixture
def check(fabrikam: Tenant) -> Check:
    """The command's answer."""

    def run(address: str = "Olga@straße.example", tenant: str = "fabrikam.example") -> str:
        said = StringIO()
        call_command("check_mail", address, tenant=tenant, stdout=said)
        return said.getvalue()

    return run


def test_it_sends_in_the_tenants_name_and_says_that_the_server_took_it(
    fabrikam: Tenant, contoso: Tenant, check: Check, sink: Sink
) -> None:
    said = check()
    assert "Sending to Olga@xn--strae-oqa.example" in said
    assert "The mail server took it" in said
    (mail,) = sink.taken
    assert (mail["To"], mail["Subject"]) == ("Olga@xn--strae-oqa.example", "Test mail from Fabrikam")
    assert str(mail["From"]) == "Fabrikam <no-reply@guests.example>"
    assert all("This is a test." in part(mail, kind) for kind in ("plain", "html"))
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.details["address"]) == (
        "mail.checked",
        Outcome.SUCCESS,
        "olga@xn--strae-oqa.example",
    )
    with tenant_scope(contoso.id):
        assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (Does.REFUSES_RECIPIENT, "Not sent (recipient refused): 550 5.1.1 <olga@fabrikam.example>: no such mailbox"),
        (Does.REFUSES_SENDER, "Set DEFAULT_FROM_EMAIL"),
        (Does.REFUSES_CONTENT, "Not sent (mail refused): 554"),
        (Does.HANGS, "Not sent (no answer)"),
    ],
)
def test_it_says_what_the_server_answered_and_what_to_do(
    fabrikam: Tenant, check: Check, sink: Sink, does: Does, said: str
) -> None:
    sink.usually = does
    with pytest.raises(CommandError) as refused:
        check("olga@fabrikam.example")
    assert said in str(refused.value)
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.get().outcome == Outcome.FAILED


def test_it_says_where_nobody_listens(check: Check, sink: Sink, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        settings.EMAIL_PORT = gone.getsockname()[1]
    with pytest.raises(CommandError, match=r"Not sent \(no connection\)(?s:.*)EMAIL_URL"):
        check()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"address": "olga@"}, "The address cannot be used"), ({"tenant": "nobody.example"}, "No tenant is called")],
    ids=["address", "tenant"],
)
def test_it_refuses_what_it_cannot_use(check: Check, sink: Sink, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        check(**arguments)
    assert not sink.taken
