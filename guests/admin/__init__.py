"""The guests' pages in the portal. Importing the package registers them."""

from guests.admin import guests, invitations, redemption_order

__all__ = ["guests", "invitations", "redemption_order"]
