"""A backup is restored (B13)."""

from __future__ import annotations

from django.core.management import call_command

from tenants.models import Tenant
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import Invite


def test_B13_no_code_and_no_session_of_the_dump_works(fabrikam: Tenant, invite: Invite) -> None:
    nicole, samir = invite(fabrikam), invite(fabrikam, "samir@contoso.example")
    signed_in, waiting = Browser(), Browser()
    signed_in.open(nicole.link)
    signed_in.submit("Send code")
    assert signed_in.submit("code", code=code_in(post(fabrikam)[0])).heading == "Review permissions"
    waiting.open(samir.link)
    waiting.submit("Send code")
    code = code_in(post(fabrikam)[0])

    call_command("post_restore")

    assert signed_in.open("/fabrikam.example/permissions").heading == "Please sign in again"
    assert waiting.submit("code", code=code).heading != "Review permissions"
    waiting.open(samir.link)
    waiting.submit("Send code")
    assert waiting.submit("code", code=code_in(post(fabrikam)[0])).heading == "Review permissions"
