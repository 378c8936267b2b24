"""A tenant may keep its history for some days only: one function forgets what is older, and nothing else can.

The application role has no DELETE on the history. The function runs as the tables' owner, so it looks for itself: at the
tenant that the session works for, at that tenant's own number of days, and at each line's age, which is never less than
30 days. Whoever has the application's role can therefore not delete what happened lately, whatever they set.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations import RunSQL

from tenants.rowsecurity import application_role

MAKE = """
CREATE FUNCTION public.forget_history(most integer, OUT first_block bigint, OUT last_block bigint, OUT lines bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  whose uuid := nullif(current_setting('app.tenant', true), '')::uuid;
  days integer;
  kept_since timestamptz;
  block record;
  gone bigint;
BEGIN
  lines := 0;
  SELECT t.history_days INTO days FROM public.tenants_tenant t WHERE t.id = whose;
  IF days IS NULL THEN
    RETURN;
  END IF;
  kept_since := now() - make_interval(days => greatest(days, 30));
  FOR block IN
    SELECT s.id, s.sequence, s.first_id, s.last_id FROM public.tenants_auditseal s
    WHERE s.tenant_id = whose AND s.forgotten_at IS NULL ORDER BY s.sequence FOR UPDATE
  LOOP
    EXIT WHEN lines >= most OR EXISTS (
      SELECT FROM public.tenants_auditentry e WHERE e.tenant_id = whose
        AND e.id BETWEEN block.first_id AND block.last_id AND e.at >= kept_since);
    DELETE FROM public.tenants_auditentry e WHERE e.tenant_id = whose
      AND e.id BETWEEN block.first_id AND block.last_id AND e.at < kept_since;
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE public.tenants_auditseal s SET forgotten_at = now() WHERE s.id = block.id;
    first_block := coalesce(first_block, block.sequence);
    last_block := block.sequence;
    lines := lines + gone;
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION public.forget_history(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.forget_history(integer) TO {role};
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tenants", "0006_history_addresses")]

    operations = [
        migrations.AddField(
            model_name="auditseal",
            name="forgotten_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        AddIndexConcurrently(
            model_name="auditseal",
            index=models.Index(
                condition=models.Q(("forgotten_at__isnull", True)),
                fields=["tenant", "sequence"],
                name="seal_kept",
            ),
        ),
        RunSQL(MAKE.format(role=application_role()), "DROP FUNCTION public.forget_history(integer)"),
    ]
