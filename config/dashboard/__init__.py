"""The portal's first page: the numbers of a tenant, drawn. `overview` is all that the portal asks for."""

from config.dashboard.overview import Overview, overview

__all__ = ["Overview", "overview"]
