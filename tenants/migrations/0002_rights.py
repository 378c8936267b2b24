"""What the application role may do: everything with rows, nothing with the schema.

In a migration, so that a test database has it too: default privileges belong to one database.
"""

from django.conf import settings
from django.db import migrations


def grant(apps, schema_editor):
    quote = schema_editor.connection.ops.quote_name
    role = quote(settings.DATABASES["default"]["USER"])
    for sql in (
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ):
        schema_editor.execute(sql)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
