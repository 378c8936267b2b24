"""The tenant's own pages, each registered by its own file. No page is written here."""

from tenants.admin.administrators import AdministratorAdmin
from tenants.admin.history import AuditEntryAdmin
from tenants.admin.settings import TenantAdmin

__all__ = ["AdministratorAdmin", "AuditEntryAdmin", "TenantAdmin"]
