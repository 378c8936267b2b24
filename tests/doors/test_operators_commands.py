"""The operators' door to tenants and their history: what commands print, and how they end."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import OutputWrapper

from tenants import audit
from tenants.audit import Actor, ActorKind
from tenants.models import Administrator, AuditEntry, Outcome, RoleAssignment, Tenant, VerifiedDomain
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command as its door does and returns what it printed."""

    def do(*words: str) -> str:
        name, *rest = words
        call_command(name, *rest, stdout=OutputWrapper(sys.stdout), no_color=True)
        return capsys.readouterr().out

    return do


def history(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_kind"))


# create_tenant, add_domain


def test_R37a_create_tenant_founds_one_and_says_what_is_next(run: Any) -> None:
    printed = run("create_tenant", "Straße", "STRAẞE.example")
    tenant = Tenant.objects.get()
    assert str(tenant.id) in printed
    assert "create_administrator EMAIL --tenant xn--strae-oqa.example" in printed
    assert history(tenant) == [("tenant.created", ActorKind.OPERATOR)]


@pytest.mark.parametrize(
    ("domain", "word"), [("fabrikam.example", "another tenant"), ("https://x.example", "alone"), ("x", "a dot")]
)
def test_R37a_create_tenant_refuses_with_the_fix(domain: str, word: str, run: Any, fabrikam: Tenant) -> None:
    with pytest.raises(CommandError, match=word):
        run("create_tenant", "Other", domain)
    assert Tenant.objects.count() == 1


def test_R37a_add_domain_takes_the_tenant_by_any_of_its_names(run: Any, fabrikam: Tenant) -> None:
    assert "fabrikam.de names Fabrikam" in run("add_domain", "fabrikam.de", "--tenant", "FABRIKAM.example")
    assert "fabrikam.fr names Fabrikam" in run("add_domain", "fabrikam.fr", "--tenant", str(fabrikam.id))
    assert "fabrikam.it names Fabrikam" in run("add_domain", "fabrikam.it", "--tenant", "fabrikam.de")
    assert VerifiedDomain.objects.filter(tenant=fabrikam).count() == 4


def test_R37a_a_command_for_an_unknown_tenant_says_how_to_find_one(run: Any, fabrikam: Tenant) -> None:
    for name in ("contoso.example", "00000000-0000-4000-8000-000000000000", "fabrikam", "' OR 1=1"):
        with pytest.raises(CommandError, match="doctor"):
            run("add_domain", "x.example", "--tenant", name)


# create_administrator


def test_R63_create_administrator_prints_what_signs_in_and_nothing_keeps_it(run: Any, fabrikam: Tenant) -> None:
    printed = run("create_administrator", "Adele@fabrikam.example", "--tenant", "fabrikam.example")
    made = Administrator.objects.get()
    password = re.search(r"password +(\S+)", printed)
    assert password is not None
    assert made.check_password(password[1])
    assert len(re.search(r"backup codes +(\S+)  (\S+)  (\S+)", printed).groups()) == 3  # type: ignore[union-attr]
    assert list(RoleAssignment.objects.values_list("administrator", "tenant", "role")) == [
        (made.id, fabrikam.id, Role.GLOBAL_ADMINISTRATOR)
    ]
    with tenant_scope(fabrikam.id):
        assert password[1] not in str(list(AuditEntry.objects.values()))


def test_R63_create_administrator_gives_who_is_there_the_role_and_keeps_their_password(
    run: Any, fabrikam: Tenant, contoso: Tenant
) -> None:
    run("create_administrator", "adele@fabrikam.example", "--tenant", "fabrikam.example")
    before = Administrator.objects.get().password
    words = ("--tenant", "contoso.example", "--role", "guestInviter", "--role", "reportsReader")
    with pytest.raises(CommandError, match="has not chosen a password of their own yet"):
        run("create_administrator", "adele@fabrikam.example", *words)
    Administrator.objects.update(must_change_password=False)
    printed = run("create_administrator", "adele@fabrikam.example", *words)
    assert "Guest Inviter and Reports Reader of Contoso" in printed
    assert "password   " not in printed
    assert Administrator.objects.get().password == before
    assert RoleAssignment.objects.count() == 3


def test_R63_create_administrator_makes_an_operator(run: Any) -> None:
    run("create_administrator", "olga@fabrikam.example", "--operator", "--name", "Olga")
    made = Administrator.objects.get()
    assert (made.is_superuser, made.name, RoleAssignment.objects.count()) == (True, "Olga", 0)


def test_R63_create_administrator_resets(run: Any, fabrikam: Tenant) -> None:
    run("create_administrator", "adele@fabrikam.example", "--tenant", "fabrikam.example")
    before = Administrator.objects.get().password
    assert "backup codes" in run("create_administrator", "--reset", "ADELE@fabrikam.example")
    assert Administrator.objects.get().password != before
    assert history(fabrikam)[-1] == ("administrator.credentials_renewed", ActorKind.OPERATOR)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("nobody@fabrikam.example", "--reset"), "no administrator"),
        (("no address", "--reset"), "spaces"),
        (("no address", "--operator"), "spaces"),
        (("a@fabrikam.example", "--tenant", "nowhere.example"), "doctor"),
        (("a@fabrikam.example", "--operator", "--role", "guestInviter"), "--role needs --tenant"),
    ],
)
def test_R63_create_administrator_refuses_with_the_fix(words: tuple[str, ...], word: str, run: Any, db: None) -> None:
    with pytest.raises(CommandError, match=word):
        run("create_administrator", *words)
    assert not Administrator.objects.exists()


# verify_audit, trace


def age(tenant: Tenant, operator: Actor, now: datetime, count: int) -> None:
    """Old lines: inside one test's transaction `at` may be given, since nothing has been stamped yet."""
    with tenant_scope(tenant.id):
        for number in range(count):
            AuditEntry.objects.create(
                tenant_id=tenant.id,
                at=now - timedelta(minutes=5),
                happened_at=now,
                actor_kind=operator.kind,
                action="guest.invited",
                outcome=Outcome.SUCCESS,
                details={"number": number},
            )


def test_R64_verify_audit_says_that_all_is_well_and_prints_the_head(
    run: Any, fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    age(fabrikam, operator, now, 2)
    assert "is a Celery worker with beat running" in run("verify_audit", "--tenant", "fabrikam.example")
    with tenant_scope(fabrikam.id):
        seal_tenant()
    printed = run("verify_audit", "--tenant", "fabrikam.example")
    assert "2 lines in 1 seals" in printed
    head = re.search(r"Head: (1:[0-9a-f]{64})", printed)
    assert head is not None
    assert "2 lines" in run("verify_audit", "--tenant", "fabrikam.example", "--head", head[1])


def test_R64_verify_audit_ends_with_one_when_the_chain_is_another(
    run: Any, fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    age(fabrikam, operator, now, 1)
    with tenant_scope(fabrikam.id):
        seal_tenant()
    for head in ("1:" + "00" * 32, "7:" + "00" * 32):
        with pytest.raises(CommandError, match="no longer holds the head") as refused:
            run("verify_audit", "--tenant", "fabrikam.example", "--head", head)
        assert refused.value.returncode == 1


@pytest.mark.parametrize("head", ["", "1", "x:" + "00" * 32, "1:zz", "1:00", "0:" + "00" * 32])
def test_R64_verify_audit_takes_no_damaged_head(head: str, run: Any, fabrikam: Tenant) -> None:
    with pytest.raises(CommandError, match="as this command printed it"):
        run("verify_audit", "--tenant", "fabrikam.example", f"--head={head}")


@pytest.mark.parametrize("typed", ["7F3A-91C2-0D4E", "7f3a91c20d4e", " 7F3A 91C2 0D4E "])
def test_J_trace_tells_the_story_of_a_reference(
    typed: str, run: Any, fabrikam: Tenant, contoso: Tenant, now: datetime
) -> None:
    stranger = Actor(ActorKind.STRANGER, source="203.0.113.7", correlation="7F3A-91C2-0D4E")
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            audit.record(actor=stranger, action="passcode.requested", at=now)
    with tenant_scope(fabrikam.id):
        audit.record(
            actor=stranger,
            action="passcode.refused",
            at=now,
            outcome=Outcome.REFUSED,
            code="E-NOT-INVITED",
            details={"why": "no guest"},
        )
        audit.record(actor=Actor(ActorKind.SYSTEM), action="other.thing", at=now)
    printed = run("trace", typed)
    assert "Fabrikam (fabrikam.example)" in printed
    assert "Contoso (contoso.example)" in printed
    assert "Somebody asked for a code. From 203.0.113.7." in printed
    assert "Somebody entered a code or asked for one. E-NOT-INVITED. From 203.0.113.7." in printed
    assert "Why: Nobody invited this address." in printed
    assert "What to do: Invite it first." in printed
    assert "other.thing" not in printed


@pytest.mark.parametrize(
    ("typed", "word"),
    [("", "twelve digits"), ("7F3A", "twelve"), ("7F3A-91C2-0D4G", "twelve"), ("0000-0000-0000", "No history")],
)
def test_J_trace_says_what_it_cannot_find(typed: str, word: str, run: Any, fabrikam: Tenant) -> None:
    with pytest.raises(CommandError, match=word):
        run("trace", typed)


def test_H_purge_says_what_it_deleted(run: Any, fabrikam: Tenant) -> None:
    assert run("purge").startswith("Deleted: ")


# The process: exit codes, and no traceback for what a person can mend


def process(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


COMMANDS = ["create_tenant", "create_administrator", "add_domain", "verify_audit", "purge", "doctor", "trace"]
COMMANDS += ["set_tenant", "set_logo", "add_identity_provider", "identity_providers"]


def ended(*words: str) -> object:
    """The exit code with which parsing the command's words ends."""
    command = load_command_class(get_commands()[words[0]], words[0])
    with pytest.raises(SystemExit) as end:
        command.run_from_argv(["manage.py", *words])
    return end.value.code


@pytest.mark.parametrize("command", COMMANDS)
def test_H_help_is_worth_reading(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(command, "--help") == 0
    printed = capsys.readouterr().out
    assert f"Example:\n  manage.py {command}" in printed
    assert len(printed.splitlines()) > 8


@pytest.mark.parametrize(
    "words", [("add_domain", "x.example"), ("verify_audit",), ("create_administrator", "a@x.example"), ("trace",)]
)
def test_H_what_is_left_out_ends_with_two(words: tuple[str, ...]) -> None:
    assert ended(*words) == 2


@pytest.mark.parametrize("words", [("create_tenant", "X", "x.example"), ("doctor",)])
def test_H_without_a_database_it_says_how_to_start_one(words: tuple[str, ...]) -> None:
    done = process(*words, DATABASE_URL="postgres://vestibule_app@127.0.0.1:1/nowhere")
    assert done.returncode == 1
    assert "script/up" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_H_without_any_setting_it_says_how_to_start(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("SECRET_KEY", "PASSCODE_KEYS", "PUBLIC_URL", "REDIS_URL", "EMAIL_URL"), "")
    done = process("doctor", DATA_DIR=str(tmp_path), **nothing)
    assert done.returncode == 1
    assert "script/up" in done.stderr
    assert "Traceback" not in done.stderr
