"""Invitations that were made for guests who had accepted already count as accepted: nothing would ever say so of them.

Some thousand rows at a time, each piece in a transaction of its own, so that no row is held for long.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import migrations, transaction

PIECE: Final = 5000

MARK = """
WITH piece AS MATERIALIZED (
    SELECT id, tenant_id, guest_id FROM guests_invitation WHERE id > %s ORDER BY id LIMIT %s
), marked AS (
    UPDATE guests_invitation i SET accepted_at = i.created_at
      FROM piece JOIN guests_guest g ON g.tenant_id = piece.tenant_id AND g.id = piece.guest_id
     WHERE i.id = piece.id AND i.ended_at IS NULL AND i.accepted_at IS NULL AND g.redemption_status = 'Accepted'
)
SELECT id FROM piece ORDER BY id DESC LIMIT 1
"""


def mark(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    last = "00000000-0000-0000-0000-000000000000"
    while last:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SET LOCAL app.every_tenant = 'on'")
            cursor.execute(MARK, [last, PIECE])
            row = cursor.fetchone()
        last = row[0] if row else None


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0012_lost_leases")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
