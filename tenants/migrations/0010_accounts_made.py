"""Who made the accounts that are there: the line of history that was written with each says it.

Operators count as confirmed, and so does whom an operator made. Where that line was forgotten nobody is believed: the
roles that somebody holds stay, and only another tenant's offer waits until an operator confirms them.
"""

from django.db import migrations

MARK = """
SET LOCAL app.every_tenant = 'on';
WITH made AS MATERIALIZED (
    SELECT e.subject_id, e.tenant_id, e.actor_kind FROM tenants_tenant t
      JOIN tenants_auditentry e ON e.tenant_id = t.id AND e.action = 'administrator.created'
)
UPDATE tenants_administrator a SET made_in_id = made.tenant_id, is_confirmed = made.actor_kind = 'operator'
  FROM made WHERE made.subject_id = a.id AND a.made_in_id IS NULL AND NOT a.is_confirmed;
UPDATE tenants_administrator SET is_confirmed = true WHERE is_superuser AND NOT is_confirmed;
SET LOCAL app.every_tenant = '';
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_whose_accounts")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
