"""R63: what operators gave they take away: accounts are switched off and on, operators listed and removed."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.models import Administrator, AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import sign_in_form, signed_in, with_backup_code

LOGIN = "/admin/login/"


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, no_color=True)
    return out.getvalue()


def history(tenant: Tenant) -> list[tuple[str, str, str]]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_kind", "address"))


@pytest.fixture
def omar(fabrikam: Tenant, contoso: Tenant) -> Administrator:
    return factories.administrator(
        "omar@fabrikam.example", (fabrikam, Role.GUEST_INVITER), (contoso, Role.GLOBAL_ADMINISTRATOR)
    )


@pytest.fixture
def olga(fabrikam: Tenant) -> Administrator:
    """An operator without a role of her own."""
    return factories.administrator("olga@operator.example", is_superuser=True, name="Olga")


def test_R63_who_is_switched_off_comes_in_nowhere_until_they_are_switched_on(omar, fabrikam, contoso):
    browser = signed_in(omar, fabrikam)
    printed = run("switch_off_administrator", "Omar@fabrikam.example")
    assert "switched off and signed out everywhere" in printed
    assert "Contoso has no Global Administrator now. Appoint one: manage.py create_administrator" in printed
    assert "Fabrikam" not in printed
    assert browser.get("/admin/")["Location"].startswith(LOGIN)
    with_backup_code(omar, "wxyz2345")
    assert Client().post(LOGIN, sign_in_form(omar.email, code="wxyz2345")).status_code == 200
    assert "(switched off)" in run("administrators", "--tenant", "fabrikam.example")
    assert "may sign in again" in run("switch_off_administrator", omar.email, "--on")
    assert browser.get("/admin/")["Location"].startswith(LOGIN), "no session comes back"
    assert Client().post(LOGIN, sign_in_form(omar.email, code="wxyz2345")).status_code == 302
    for tenant in (fabrikam, contoso):
        told = [line for line in history(tenant) if "switched" in line[0]]
        assert told == [
            ("administrator.switched_off", "operator", omar.email),
            ("administrator.switched_on", "operator", omar.email),
        ]


def test_R63_switching_twice_is_refused_and_tells_nobody(omar, fabrikam):
    with pytest.raises(CommandError, match="is not switched off"):
        run("switch_off_administrator", omar.email, "--on")
    run("switch_off_administrator", omar.email)
    with pytest.raises(CommandError, match="is switched off already"):
        run("switch_off_administrator", omar.email)
    with pytest.raises(CommandError, match="administrators --operators"):
        run("switch_off_administrator", "nobody@x.example")
    assert len(history(fabrikam)) == 1


def test_R63_operators_are_listed(adele, olga):
    off = factories.administrator("pat@operator.example", is_superuser=True, is_active=False, name="Pat")
    assert run("administrators", "--operators").splitlines() == [
        "olga@operator.example  Olga",
        "pat@operator.example  Pat  (switched off)",
    ]
    Administrator.objects.filter(pk__in=(olga.pk, off.pk)).update(is_superuser=False)
    assert "create_administrator EMAIL --operator" in run("administrators", "--operators")
    with pytest.raises(CommandError, match="is required"):
        run("administrators")
    with pytest.raises(CommandError, match="list them"):
        run("administrators", "--tenant", "nowhere.example")


def test_R63_who_is_no_operator_any_more_loses_every_tenant_at_the_next_click(olga, fabrikam):
    browser = signed_in(olga, fabrikam)
    assert browser.get("/admin/").status_code == 200
    factories.administrator("pat@operator.example", is_superuser=True, name="Pat")
    assert "is no operator any more" in run("remove_operator", olga.email)
    assert browser.get("/admin/")["Location"].startswith("/admin/tenant/")
    assert history(fabrikam) == []
    with pytest.raises(CommandError, match="is no operator"):
        run("remove_operator", olga.email)


def test_R63_of_the_last_operator_it_asks_first(monkeypatch, capsys, olga):
    factories.administrator("pat@operator.example", is_superuser=True, is_active=False, name="Pat")
    for answer in ("no", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n" if answer else ""))
        with pytest.raises(CommandError, match=r"Nothing was changed|Add --yes"):
            run("remove_operator", olga.email)
    assert "olga@operator.example is the last operator" in capsys.readouterr().err
    assert Administrator.objects.get(pk=olga.pk).is_superuser
    assert "is no operator any more" in run("remove_operator", olga.email, "--yes")
    assert not Administrator.objects.get(pk=olga.pk).is_superuser


def test_R63_an_account_that_is_confirmed_becomes_an_operators_again(monkeypatch, olga, omar, fabrikam):
    again = ("create_administrator", "--operator", "--yes")
    with pytest.raises(CommandError, match="is an operator already"):
        run(*again, olga.email)
    run("remove_operator", olga.email, "--yes")
    Administrator.objects.filter(pk=omar.pk).update(is_confirmed=False)
    with pytest.raises(CommandError, match="confirm_administrator omar"):
        run(*again, omar.email)
    for change, why in (({"must_change_password": True}, "not chosen a password"), ({"is_active": False}, "off")):
        Administrator.objects.filter(pk=olga.pk).update(is_confirmed=True, **change)
        with pytest.raises(CommandError, match=why):
            run(*again, olga.email)
        Administrator.objects.filter(pk=olga.pk).update(must_change_password=False, is_active=True)
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("create_administrator", "--operator", olga.email)
    assert not Administrator.objects.filter(is_superuser=True).exists()
    assert "signs in as before" in run(*again, "Olga@operator.example")
    assert signed_in(olga, fabrikam).get("/admin/").status_code == 200
    assert history(fabrikam) == []


def test_R63_an_operator_without_a_role_is_signed_out_and_switched_off_as_anybody(olga, fabrikam):
    browser = signed_in(olga, fabrikam)
    assert "signed out everywhere" in run("sign_out_administrator", olga.email)
    assert browser.get("/admin/")["Location"].startswith(LOGIN)
    run("switch_off_administrator", olga.email)
    assert not Administrator.objects.get(pk=olga.pk).is_active
    with pytest.raises(CommandError, match="no administrator of Fabrikam"):
        run("sign_out_administrator", olga.email, "--tenant", "fabrikam.example")
