"""R63: what the portal does with administrators, operators do by commands; and the way back in for a lost device."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import Administrator, AuditEntry, RoleAssignment, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import app_of, signed_in

IN = ("--tenant", "fabrikam.example")


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, no_color=True)
    return out.getvalue()


def history(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_kind"))


def held(who: Administrator, tenant: Tenant) -> set[str]:
    return set(RoleAssignment.objects.filter(administrator=who, tenant=tenant).values_list("role", flat=True))


@pytest.fixture
def omar(fabrikam: Tenant, contoso: Tenant) -> Administrator:
    return factories.administrator(
        "omar@fabrikam.example", (fabrikam, Role.GUEST_INVITER), (contoso, Role.GLOBAL_READER)
    )


def test_R63_it_lists_one_line_a_person_without_their_other_tenants(adele, omar):
    printed = run("administrators", *IN)
    assert printed.splitlines() == [
        "adele@fabrikam.example  Global Administrator",
        "omar@fabrikam.example  Guest Inviter",
    ]


def test_R63_it_says_what_to_do_where_nobody_administers(fabrikam):
    assert "manage.py create_administrator EMAIL --tenant fabrikam.example" in run("administrators", *IN)


def test_R63_it_sets_exactly_these_roles(omar, fabrikam, contoso):
    words = ("--role", "reportsReader", "--role", "helpdeskAdministrator")
    printed = run("set_administrator_roles", "OMAR@fabrikam.example", *IN, *words)
    assert "is Helpdesk Administrator and Reports Reader of Fabrikam" in printed
    assert held(omar, fabrikam) == {"reportsReader", "helpdeskAdministrator"}
    assert held(omar, contoso) == {"globalReader"}
    assert history(fabrikam) == [("administrator.roles_changed", "operator")]


def test_R63_it_removes_and_signs_out(adele, omar, fabrikam, contoso):
    browser = signed_in(omar, fabrikam)
    assert "signed out everywhere" in run("sign_out_administrator", omar.email, *IN)
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    assert "holds no role in Fabrikam any more" in run("remove_administrator", omar.email, *IN)
    assert (held(omar, fabrikam), held(omar, contoso)) == (set(), {"globalReader"})
    assert [action for action, _ in history(fabrikam)] == [
        "administrator.signed_out_everywhere",
        "administrator.removed",
    ]
    assert history(contoso) == [("administrator.signed_out_everywhere", "operator")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(("remove_administrator", "adele@fabrikam.example"), "the last Global Administrator", id="last"),
        pytest.param(
            ("set_administrator_roles", "adele@fabrikam.example", "--role", "guestInviter"),
            "the last Global Administrator",
            id="last by roles",
        ),
        pytest.param(("remove_administrator", "carl@contoso.example"), "no administrator of Fabrikam", id="elsewhere"),
        pytest.param(("sign_out_administrator", "nobody@x.example"), "manage.py administrators", id="nobody"),
        pytest.param(("sign_out_administrator", "no address"), "spaces", id="no address"),
    ],
)
def test_R63_it_refuses_with_the_fix(adele, contosos, fabrikam, words, says):
    with pytest.raises(CommandError, match=says):
        run(*words, *IN)
    assert held(adele, fabrikam) == {"globalAdministrator"}
    assert history(fabrikam) == []


# --- a lost device ------------------------------------------------------------------------------------------------


def test_R63_a_lost_device_is_taken_away_with_all_that_hung_on_it(omar, fabrikam, contoso):
    app_of(omar)
    browser = signed_in(omar, fabrikam)
    printed = run("recover_administrator", "--email", "Omar@fabrikam.example", "--yes")
    password = re.search(r"password +(\S+)", printed)
    assert password is not None
    after = Administrator.objects.get(pk=omar.pk)
    assert after.check_password(password[1])
    assert after.must_change_password
    assert not TOTPDevice.objects.exists()
    assert StaticToken.objects.filter(device__user=omar).count() == 3
    assert all(code in printed for code in StaticToken.objects.values_list("token", flat=True))
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    for tenant in (fabrikam, contoso):
        assert history(tenant) == [("administrator.recovered", "operator")]
        with tenant_scope(tenant.id):
            assert password[1] not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(("typed", "happens"), [("yes\n", True), ("no\n", False), ("\n", False)])
def test_R63_a_recovery_asks_first(monkeypatch: pytest.MonkeyPatch, omar, fabrikam, typed: str, happens: bool):
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    command: Any = ("recover_administrator", "--email", omar.email)
    if happens:
        run(*command)
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            run(*command)
    assert bool(history(fabrikam)) is happens


def test_R63_a_recovery_where_nobody_answers_says_so(monkeypatch: pytest.MonkeyPatch, omar, fabrikam):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--yes"):
        run("recover_administrator", "--email", omar.email)
    with pytest.raises(CommandError, match="is no administrator"):
        run("recover_administrator", "--email", "nobody@fabrikam.example", "--yes")
    assert history(fabrikam) == []


def test_R63_a_reset_leaves_the_app_and_asks_for_another_password(omar):
    app_of(omar)
    run("create_administrator", "--reset", omar.email)
    assert TOTPDevice.objects.count() == 1
    assert Administrator.objects.get(pk=omar.pk).must_change_password
