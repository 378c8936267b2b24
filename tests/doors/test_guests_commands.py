"""Commands about guests and applications whose deeds the portal has as well: the same rows, the same history."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from applications.models import Application
from applications.operations import add_application
from guests.models import Guest, GuestSession, Invitation
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope


def run(tenant: Tenant, name: str, *words: str) -> str:
    out = StringIO()
    call_command(name, *words, "--tenant", tenant.primary_domain, stdout=out)
    return out.getvalue()


def last(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        return AuditEntry.objects.order_by("-id").values_list("action", flat=True)[0]


def test_R55_an_invitation_names_sponsors_and_one_more_reader(fabrikam):
    words = [
        "--sponsor",
        "adele@fabrikam.example",
        "--sponsor",
        "ben@fabrikam.example",
        "--cc",
        "cara@fabrikam.example",
    ]
    run(fabrikam, "invite_guest", "ines@contoso.com", *words)
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get()
        assert (guest.sponsor_address, [one["address"] for one in guest.other_sponsors]) == (
            "adele@fabrikam.example",
            ["ben@fabrikam.example"],
        )
        assert Invitation.objects.get().cc == "cara@fabrikam.example"
    with pytest.raises(CommandError, match="at most 5 sponsors"):
        run(fabrikam, "invite_guest", "x@contoso.com", *[f"--sponsor=s{n}@fabrikam.example" for n in range(6)])


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        pytest.param(["--name", "N" * 101], "Use a shorter name", id="R51-long name"),
        pytest.param(["--name", "Ni\u202ecole"], "Type the name by hand", id="R51-hidden sign"),
        pytest.param(["--name", "42"], "A name has letters", id="R51-no name"),
        pytest.param(["--resource", "R" * 101], "Say shorter what they are invited to use", id="R51-long resource"),
        pytest.param(["--resource", "Files\u202excod"], "Type by hand what they are", id="R51-hidden sign in it"),
        pytest.param(["--inviter-name", "A" * 101], "--inviter-name: Use a shorter name", id="R51-long inviter"),
        pytest.param(["--inviter-name", "A\u202eb"], "--inviter-name: Type the name by hand", id="R51-hidden inviter"),
    ],
)
def test_R51_what_a_mail_cannot_say_is_refused_with_the_fix(fabrikam, words, fix):
    with pytest.raises(CommandError, match=fix):
        run(fabrikam, "invite_guest", "ines@contoso.com", *words)
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()


def test_R51_a_name_is_stored_as_the_form_stores_it(fabrikam):
    name = "Jörg Ahlström"
    run(fabrikam, "invite_guest", "j@contoso.com", "--name", unicodedata.normalize("NFD", f" {name} "))
    run(fabrikam, "invite_guest", "j@contoso.com", "--name", unicodedata.normalize("NFD", name), "--resource", " 365 ")
    with tenant_scope(fabrikam.id):
        assert (Guest.objects.get().name, Invitation.objects.get().resource_name) == (name, "365")


def test_R21_one_session_is_ended_and_the_others_stay(fabrikam, contoso, invite, now: datetime):
    guest = invite(fabrikam, "ines@contoso.com").guest
    with tenant_scope(fabrikam.id):
        made = [
            GuestSession.objects.create(
                tenant=fabrikam, guest=guest, token_hash=f"{n:064}", method="x", expires_at=now + timedelta(hours=9)
            )
            for n in range(2)
        ]
    one = ["end_sessions", "--guest", "ines@contoso.com", "--session", str(made[0].pk)]
    assert "Ended 1 session" in run(fabrikam, *one)
    with tenant_scope(fabrikam.id):
        assert list(GuestSession.objects.filter(ended_at=None)) == [made[1]]
    assert last(fabrikam) == "guest.session_ended"
    with pytest.raises(CommandError, match="no such session, or it has ended"):
        run(fabrikam, *one)
    with pytest.raises(CommandError, match="is no guest of Contoso"):
        run(contoso, *one)


@pytest.fixture
def application(fabrikam: Tenant, operator: Actor, now: datetime) -> Application:
    with tenant_scope(fabrikam.id):
        made = add_application(
            tenant=fabrikam,
            name="Travel",
            description="",
            url="https://travel.fabrikam.example/",
            actor=operator,
            now=now,
        )
    assert isinstance(made, Application)
    return made


def test_R39a_sign_up_is_opened_and_closed(fabrikam, contoso, application):
    key = str(application.pk)
    said = run(fabrikam, "set_sign_up", key, "--open", "emailOneTimePasscode")
    assert "open, by emailOneTimePasscode" in said
    assert last(fabrikam) == "application.sign_up_opened"
    with pytest.raises(CommandError, match="no such application in this tenant"):
        run(contoso, "set_sign_up", key, "--close")
    assert "closed" in run(fabrikam, "set_sign_up", key, "--close")
    assert last(fabrikam) == "application.sign_up_closed"


def test_R39_an_application_is_removed_by_its_own_tenant_alone(fabrikam, contoso, application):
    for tenant, key in ((contoso, application.pk), (fabrikam, uuid4())):
        with pytest.raises(CommandError, match="shares no such application"):
            run(tenant, "remove_application", str(key))
    run(fabrikam, "remove_application", str(application.pk))
    with tenant_scope(fabrikam.id):
        assert not Application.objects.exists()
    assert last(fabrikam) == "application.removed"
