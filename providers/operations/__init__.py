"""Everything that changes how guests prove who they are. Doors call these; nothing else writes this app's rows."""

from providers.operations.adding import add_identity_provider, prepare_identity_provider
from providers.operations.changing import IDENTITIES, change_identity_provider, change_provider_domains
from providers.operations.known_domains import add_known_account_domain, remove_known_account_domain
from providers.operations.policies import (
    allow_skipping,
    clear_email_passcode,
    disable_microsoft_account,
    enable_microsoft_account,
    forbid_skipping,
    remove_redemption_order,
    set_email_passcode,
    set_redemption_order,
)
from providers.operations.registry import (
    disable_identity_provider,
    enable_identity_provider,
    remove_identity_provider,
)
from providers.operations.settings import Change, settings_version
from providers.operations.travelling import (
    Departure,
    arrive,
    depart,
    remember_microsoft_account,
    spend_assertion,
)
from providers.operations.trying import test_identity_provider

__all__ = [
    "IDENTITIES",
    "Change",
    "Departure",
    "add_identity_provider",
    "add_known_account_domain",
    "allow_skipping",
    "arrive",
    "change_identity_provider",
    "change_provider_domains",
    "clear_email_passcode",
    "depart",
    "disable_identity_provider",
    "disable_microsoft_account",
    "enable_identity_provider",
    "enable_microsoft_account",
    "forbid_skipping",
    "prepare_identity_provider",
    "remember_microsoft_account",
    "remove_identity_provider",
    "remove_known_account_domain",
    "remove_redemption_order",
    "set_email_passcode",
    "set_redemption_order",
    "settings_version",
    "spend_assertion",
    "test_identity_provider",
]
