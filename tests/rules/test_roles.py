"""R42 and R63: the table from role to what it may do."""

from __future__ import annotations

import pytest

from tenants.roles import TABLE, Action, Role, in_words, may

EXPECTED = {
    "guests.view": "GA GR AP EP UA HD GI",
    "guests.invite": "GA UA GI",
    "guests.invite_many": "GA UA",
    "guests.edit": "GA UA",
    "guests.delete": "GA UA",
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


def test_R63_every_action_is_in_the_table_of_this_test():
    assert set(EXPECTED) == {action.value for action in Action}


@pytest.mark.parametrize(
    ("role", "says"),
    [
        pytest.param(Role.GLOBAL_ADMINISTRATOR, "May do everything here and appoint the other administrators."),
        pytest.param(
            Role.GLOBAL_READER,
            "May see everything here, and change nothing; invites guests only where every administrator may.",
        ),
        pytest.param(
            Role.HELPDESK_ADMINISTRATOR,
            "May see guests and invitations; "
            "reset the redemption status and lift a pause after wrong codes; explain sign-in.",
        ),
        pytest.param(
            Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR,
            "May see guests and invitations; explain sign-in; "
            "see and change identity providers and the redemption order.",
        ),
        pytest.param(Role.GUEST_INVITER, "May see guests and invitations; invite a guest."),
    ],
)
def test_R63_a_roles_sentence_comes_from_the_table(role, says):
    assert in_words(role) == says


def _both(action: Action) -> str:
    """What a sentence says of a deed that it names together with the one that changes the same."""
    return action.label.replace("see ", "see and change ", 1)


def test_R63_a_roles_sentence_names_each_of_its_actions_and_no_other():
    for role in set(Role) - {Role.GLOBAL_ADMINISTRATOR, Role.GLOBAL_READER}:
        words = in_words(role)
        said = {action for action in Action if action.label in words or _both(action) in words}
        assert said == TABLE[role], role


def test_R63_who_only_reads_changes_nothing():
    changing = {action for action in Action if not action.value.endswith((".view", ".explain"))}
    assert not TABLE[Role.GLOBAL_READER] & changing
    assert not TABLE[Role.REPORTS_READER] & changing
    for role in Role:  # what may be changed may be seen
        for action in TABLE[role] & {Action.SETTINGS_CHANGE, Action.PROVIDERS_MANAGE, Action.ADMINISTRATORS_MANAGE}:
            assert Action(f"{action.value.partition('.')[0]}.view") in TABLE[role]


def test_R63_administrators_are_appointed_by_one_role_only():
    assert [role for role in Role if Action.ADMINISTRATORS_MANAGE in TABLE[role]] == [Role.GLOBAL_ADMINISTRATOR]
