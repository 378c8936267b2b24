"""The guests' pages in the portal. Importing the package registers them."""

from guests.admin import batches, guests, invitations, mail, redemption_order

__all__ = ["batches", "guests", "invitations", "mail", "redemption_order"]
