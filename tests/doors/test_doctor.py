"""doctor: each need of an installation has a line, and a bad one names the fix."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.functions import Now

from config.diagnosis import address, database, keys, mail, providers, work
from config.diagnosis.findings import Line, State
from outbox.models import OutboundMail
from outbox.operations import enqueue
from providers.models import IdentityProvider
from tenants.audit import Actor
from tenants.encryption import seal
from tenants.models import AuditEntry, Outcome, Tenant
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant

pytestmark = pytest.mark.django_db


def told(line: Line, state: State, word: str) -> None:
    assert line.state is state, line
    assert word in line.said
    assert line.said.endswith((".", "check_mail", "--beat", "migrate"))


def set_limits(**limits: str) -> None:
    with connection.cursor() as cursor:
        for name, value in limits.items():
            cursor.execute(f"SELECT set_config('{name}', %s, true)", [value])


def test_H_the_database_binds_this_role(db: None) -> None:
    told(database.database(), State.GOOD, "row security binds it")
    told(database.migrations(), State.GOOD, "this version's")
    told(database.row_security(), State.GOOD, "every table")
    told(database.clock(), State.GOOD, "agrees")
    told(database.owner(), State.GOOD, "may migrate")


def test_H_a_migration_that_waits_is_named(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'tenants' AND name ="
            " (SELECT max(name) FROM django_migrations WHERE app = 'tenants') RETURNING name"
        )
        (newest,) = cursor.fetchone()
    told(database.migrations(), State.BAD, f"tenants.{newest}")


def test_R64_transactions_without_a_limit_are_told(db: None) -> None:
    with transaction.atomic():
        set_limits(transaction_timeout="0")
        told(database.transactions(), State.BAD, "setup_database")
        set_limits(transaction_timeout="60s")
        told(database.transactions(), State.BAD, "setup_database")
        set_limits(transaction_timeout="30s")
        told(database.transactions(), State.GOOD, "30 s")


def test_R64_a_history_that_nobody_seals_is_told(fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    told(work.history(), State.GOOD, "sealed")
    with tenant_scope(fabrikam.id):
        AuditEntry.objects.create(
            tenant_id=fabrikam.id,
            at=now - timedelta(minutes=3),
            happened_at=now,
            actor_kind=operator.kind,
            action="guest.invited",
            outcome=Outcome.SUCCESS,
        )
    told(work.history(), State.BAD, "with beat")
    with tenant_scope(fabrikam.id):
        seal_tenant()
    told(work.history(), State.GOOD, "sealed")


def test_H_mails_that_nobody_sends_are_told(fabrikam: Tenant, now: datetime) -> None:
    told(work.outbox(), State.GOOD, "no mail")
    with tenant_scope(fabrikam.id):
        due = enqueue(kind="passcode", subject_id=fabrikam.id, rank=0, deadline=now + timedelta(minutes=30), now=now)
        told_in_time = OutboundMail.objects.filter(id=due.id)
        told_in_time.update(created_at=Now() - timedelta(minutes=1))
    told(work.outbox(), State.BAD, "1 mails have been waiting for more than 30 s")


def test_R13_a_lost_key_is_told_only_where_live_codes_need_it(settings: Any, db: None) -> None:
    told(keys.live_keys(), State.GOOD, "verified")
    settings.PASSCODE_KEYS = ((7, b"x" * 32), (3, b"y" * 32))
    told(keys.keys(), State.GOOD, "by key 7, older ones by 3")


@pytest.mark.parametrize(
    ("hosts", "state"), [(["guests.example"], State.GOOD), ([".example"], State.GOOD), (["other.example"], State.BAD)]
)
def test_H_an_address_that_nothing_answers_is_told(hosts: list[str], state: State, settings: Any) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://guests.example:8443", hosts
    told(address.address(), state, "guests.example")


def test_a_forgotten_TRUSTED_PROXIES_is_told_where_pages_are_redirected_to_https(settings: Any) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://guests.example", ["guests.example"]
    settings.SECURE_SSL_REDIRECT = True
    told(address.address(), State.NOTE, "Set it to the number of your proxies")
    settings.TRUSTED_PROXIES = 1
    told(address.address(), State.GOOD, "behind 1 proxy")


def test_H_a_mail_server_that_is_away_is_told(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "outbox.smtp.EmailBackend", "127.0.0.1", 1
    told(mail.mail(), State.BAD, "nobody listens there. Start the server")
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.mailgun.EmailBackend", {}
    told(mail.mail(), State.BAD, "Set ANYMAIL_MAILGUN_API_KEY")
    settings.ANYMAIL = {"MAILGUN_API_KEY": "sentinel-of-a-secret"}
    told(mail.mail(), State.NOTE, "check_mail")


def test_R18_whether_a_provider_tells_what_became_of_mails_is_told(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    told(mail.mail_events(), State.NOTE, "no more than that it took a mail")
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    told(mail.mail_events(), State.NOTE, "Set ANYMAIL_WEBHOOK_SECRET")
    settings.ANYMAIL = {"WEBHOOK_SECRET": "postmark:sentinel-of-a-secret"}
    told(mail.mail_events(), State.GOOD, f"{settings.PUBLIC_URL}/mail/events/postmark/")
    assert "sentinel" not in mail.mail_events().said
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {}
    told(mail.mail_events(), State.NOTE, "none are taken from mailgun")


@pytest.mark.parametrize("prefix", ["ENTRA", "MICROSOFT_ACCOUNT"])
def test_H_a_registration_that_is_half_is_told(settings: Any, prefix: str) -> None:
    settings.DISCOVERY = "live"
    told(providers.registrations(), State.NOTE, "neither Entra ID nor Microsoft accounts")
    setattr(settings, f"{prefix}_CLIENT_ID", "11111111-2222-3333-4444-555555555555")
    told(providers.registrations(), State.BAD, f"Set {prefix}_CLIENT_SECRET")
    setattr(settings, f"{prefix}_CLIENT_SECRET", "sentinel-of-a-secret")
    told(providers.registrations(), State.GOOD, "looked up live")
    setattr(settings, f"{prefix}_CLIENT_ID", "")
    told(providers.registrations(), State.BAD, f"Set {prefix}_CLIENT_ID")


def test_R34_how_domains_are_known_is_told(settings: Any) -> None:
    settings.ENTRA_CLIENT_ID = settings.ENTRA_CLIENT_SECRET = "sentinel-of-a-secret"
    settings.DISCOVERY = "lists"
    told(providers.registrations(), State.GOOD, "DISCOVERY=lists")
    settings.ENTRA_AUTHORITY = "https://10.0.0.1"
    told(providers.registrations(), State.BAD, "ENTRA_AUTHORITY")
    assert "sentinel" not in providers.registrations().said


def test_B4_a_key_that_providers_secrets_need_is_missed(fabrikam: Tenant, settings: Any) -> None:
    settings.PROVIDER_KEYS = ()
    told(providers.sealed_secrets(), State.NOTE, "PROVIDER_KEYS")
    settings.PROVIDER_KEYS = ((5, b"k" * 32),)
    with tenant_scope(fabrikam.id):
        row = IdentityProvider.objects.create(
            tenant_id=fabrikam.id, kind="google", name="Google", is_bound_to_domains=False
        )
        row.sealed_secret = seal("secret", tenant_id=fabrikam.id, table="t", row_id=row.id, field="f")
        row.save()
    told(providers.sealed_secrets(), State.GOOD, "can all be read")
    for kept in ((), ((6, b"k" * 32),)):
        settings.PROVIDER_KEYS = kept
        told(providers.sealed_secrets(), State.BAD, "key 5 is gone")


def test_H_doctor_lists_the_tenants_and_ends_with_one_when_something_is_wrong(
    fabrikam: Tenant, contoso: Tenant, settings: Any
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "x.smtp.EmailBackend", "127.0.0.1", 1
    printed = io.StringIO()
    with pytest.raises(CommandError, match="need you") as refused:
        call_command("doctor", stdout=printed, no_color=True)
    assert refused.value.returncode == 1
    lines = printed.getvalue()
    assert "ok    database" in lines
    assert "FAIL  mail" in lines
    assert f"Fabrikam: fabrikam.example; {fabrikam.id}" in lines
    assert "Contoso: contoso.example" in lines
