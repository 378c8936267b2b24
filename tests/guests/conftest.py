"""Stories of guests that are told here as well: who invites them."""

from tests.journeys.conftest import invite

__all__ = ["invite"]
