"""A tenant's applications are its own."""

from django.db import migrations

from tenants.rowsecurity import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial"), ("tenants", "0003_history")]

    operations = [RowSecurity("applications_application")]
