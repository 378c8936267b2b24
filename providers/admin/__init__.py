"""The portal's pages on identity providers (R61). Importing the package registers them."""

from providers.admin.explanation import explanation_context
from providers.admin.tabs import IdentityProviderAdmin

__all__ = ["IdentityProviderAdmin", "explanation_context"]
