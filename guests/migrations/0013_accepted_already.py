"""Invitations that were made for guests who had accepted already count as accepted: nothing would ever say so of them.

Whose they are is found first, so that their rows are held for the writing only.
"""

from __future__ import annotations

from django.db import migrations

MARK = """
SET LOCAL app.every_tenant = 'on';
WITH theirs AS MATERIALIZED (
    SELECT i.id FROM guests_invitation i JOIN guests_guest g ON g.tenant_id = i.tenant_id AND g.id = i.guest_id
     WHERE i.ended_at IS NULL AND i.accepted_at IS NULL AND g.redemption_status = 'Accepted'
)
UPDATE guests_invitation i SET accepted_at = i.created_at FROM theirs
 WHERE i.id = theirs.id AND i.ended_at IS NULL AND i.accepted_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("guests", "0012_lost_leases")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
