"""The operator's door to resets: one guest at once, many by workers, and no option that is not followed (R40, R43)."""

from __future__ import annotations

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from guests.models import Batch, Guest
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.doors.portal import accepted

ANN, BEA, CAI = ("--guest=ann@many.example", "--guest=bea@many.example", "--guest=cai@many.example")
METHOD = "--all-with-method=emailOneTimePasscode"


def run(tenant: Tenant, *words: str) -> str:
    out = StringIO()
    call_command("reset_redemption", *words, "--tenant", tenant.primary_domain, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def three(fabrikam, invite) -> None:
    """Guests who have redeemed."""
    for name in ("ann", "bea", "cai"):
        accepted(invite(fabrikam, f"{name}@many.example").guest)


def reset(tenant: Tenant) -> set[str]:
    with tenant_scope(tenant.id):
        return set(Guest.objects.filter(method="").values_list("address_key", flat=True))


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        pytest.param([], "--all-with-method, --provider, --domain or --waiting", id="R43-nobody"),
        pytest.param([ANN, METHOD], "--all-with-method, --provider, --domain or --waiting", id="R43-both"),
        pytest.param([ANN, "--start"], "--start and --wait are for many", id="R40-start of one"),
        pytest.param([ANN, "--wait"], "--start and --wait are for many", id="R40-wait for one"),
        pytest.param([ANN, ANN, "--start"], "--start and --wait are for many", id="R40-one named twice"),
        pytest.param([ANN, "--keep-addresses"], "--keep-addresses needs --new-address", id="R36-no new address"),
        pytest.param([ANN, BEA, "--new-address=x@many.example"], "are for one guest", id="R41-one address for two"),
        pytest.param([METHOD, "--keep-addresses"], "are for one guest", id="R36-kept of many"),
        pytest.param([METHOD, "--wait"], "--wait needs --start", id="R43-nothing to wait for"),
        pytest.param([ANN, "--inviter-name", "A" * 101], "--inviter-name: Use a shorter name", id="R51-long inviter"),
        pytest.param(
            [ANN, "--guest=dov@many.example"], "dov@many.example is no guest of Fabrikam", id="R43-a stranger"
        ),
    ],
)
def test_R40_options_that_would_not_be_followed_are_refused_and_nobody_is_reset(fabrikam, words, fix):
    with pytest.raises(CommandError, match=fix):
        run(fabrikam, *words)
    assert reset(fabrikam) == set()
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


def test_R43_several_guests_by_name_are_reset_by_workers_once_that_is_said(fabrikam, contoso):
    printed = run(fabrikam, ANN, CAI, ANN)
    assert printed.startswith("2 chosen guests: 2\n")
    assert "Nothing has been done." in printed
    assert reset(fabrikam) == set()
    assert "Done: 2 of 2 done" in run(fabrikam, ANN, CAI, "--start", "--wait")
    assert reset(fabrikam) == {"ann@many.example", "cai@many.example"}
    with pytest.raises(CommandError, match="is no guest of Contoso"):
        run(contoso, BEA, CAI, "--start")


def test_R40_one_guest_is_reset_at_once(fabrikam):
    assert "/redeem/" in run(fabrikam, BEA)
    assert reset(fabrikam) == {"bea@many.example"}


def test_R43_a_provider_of_nobody_touches_nobody(fabrikam):
    assert ": 0\n" in run(fabrikam, f"--provider={uuid4()}")
