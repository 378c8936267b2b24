"""The guests' pages in the portal. Importing the package registers them."""

from guests.admin import guests, invitations

__all__ = ["guests", "invitations"]
