"""The history is under row security and can only grow."""

from django.db import migrations

from tenants.rowsecurity import AppendOnly, RowSecurity


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_rights")]

    operations = [
        RowSecurity("tenants_auditentry"),
        RowSecurity("tenants_auditseal"),
        AppendOnly("tenants_auditentry"),
        AppendOnly("tenants_auditseal"),
    ]
