"""R42 and R63: the table from role to what it may do."""

from __future__ import annotations

import pytest

from tenants.roles import TABLE, Action, Role, may

EXPECTED = {
    "guests.view": "GA GR AP EP UA HD GI",
    "guests.invite": "GA UA GI",
    "guests.edit": "GA UA",
    "guests.reset": "GA UA HD",
    "guests.block": "GA UA",
    "guests.end_sessions": "GA UA",
    "invitations.revoke": "GA UA",
    "sign_in.explain": "GA GR AP EP UA HD",
    "passcodes.set_policy": "GA AP",
    "providers.view": "GA GR AP EP UA",
    "providers.manage": "GA EP",
    "applications.view": "GA GR UA",
    "applications.manage": "GA",
    "audit.view": "GA GR RR",
    "mail.view": "GA GR RR",
    "settings.view": "GA GR",
    "settings.change": "GA",
    "administrators.view": "GA GR",
    "administrators.manage": "GA",
}
SHORT = {
    "GA": Role.GLOBAL_ADMINISTRATOR,
    "GR": Role.GLOBAL_READER,
    "AP": Role.AUTHENTICATION_POLICY_ADMINISTRATOR,
    "EP": Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR,
    "UA": Role.USER_ADMINISTRATOR,
    "HD": Role.HELPDESK_ADMINISTRATOR,
    "GI": Role.GUEST_INVITER,
    "RR": Role.REPORTS_READER,
}


@pytest.mark.parametrize("action", list(Action), ids=lambda action: f"R63-{action}")
@pytest.mark.parametrize("short", SHORT)
def test_R63_a_role_may_do_what_its_row_says_and_nothing_else(short, action):
    assert may([SHORT[short]], action) is (short in EXPECTED[action].split())


def test_R63_every_role_has_a_row():
    assert set(TABLE) == set(Role)


def test_R63_no_role_allows_nothing():
    assert not any(may([], action) for action in Action)


def test_R63_two_roles_add_up():
    both = [Role.HELPDESK_ADMINISTRATOR, Role.GUEST_INVITER]
    assert may(both, "guests.reset")
    assert may(both, "guests.invite")
    assert not may(both, "guests.block")


def test_R63_a_role_of_another_version_allows_nothing():
    assert not may(["doorkeeper"], "guests.view")


def test_R63_an_unknown_action_is_a_mistake():
    with pytest.raises(ValueError, match=r"guests\.eat"):
        may([Role.GLOBAL_ADMINISTRATOR], "guests.eat")


def test_R42_helpdesk_is_the_least_role_that_resets():
    resetting = {role: actions for role, actions in TABLE.items() if Action.GUESTS_RESET in actions}
    assert min(resetting, key=lambda role: len(resetting[role])) is Role.HELPDESK_ADMINISTRATOR
