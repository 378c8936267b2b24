"""Guests and all that hangs on them: one tenant's rows only, pointing at rows of the same tenant only."""

from django.db import migrations

from tenants.rowsecurity import RowSecurity, SameTenantKey

TABLES = (
    "guests_guest",
    "guests_invitation",
    "guests_signinflow",
    "guests_guestsession",
    "guests_redemption",
    "guests_consent",
)
KEYS = (
    ("guests_invitation", "guest_id", "guests_guest"),
    ("guests_signinflow", "guest_id", "guests_guest"),
    ("guests_signinflow", "invitation_id", "guests_invitation"),
    ("guests_guestsession", "guest_id", "guests_guest"),
    ("guests_guestsession", "flow_id", "guests_signinflow"),
    ("guests_redemption", "guest_id", "guests_guest"),
    ("guests_redemption", "invitation_id", "guests_invitation"),
    ("guests_consent", "guest_id", "guests_guest"),
)


class Migration(migrations.Migration):
    dependencies = [("guests", "0001_initial"), ("tenants", "0003_history")]

    operations = [
        *(RowSecurity(table) for table in TABLES),
        *(SameTenantKey(table=table, column=column, target=target) for table, column, target in KEYS),
    ]
