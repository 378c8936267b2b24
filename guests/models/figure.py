"""Sums that no page could count while somebody waits: kept by beat, a row for each day and name. Constraints only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.owned import OwnedModel


class DailyFigure(OwnedModel):
    """One number of one day (UTC) in one tenant. `name` says what it counts, as operations/summing.py lists them."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    name = models.CharField(max_length=60, db_collation="C")
    value = models.BigIntegerField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "day", "name"], name="figure_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.day}"


class Summing(OwnedModel):
    """How far a tenant's figures go: the last line of history that was read, and when. One row for each tenant."""

    id = models.BigAutoField(primary_key=True)
    read_to = models.BigIntegerField(default=0)
    summed_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant"], name="summing_once")]

    def __str__(self) -> str:
        return f"summed to {self.read_to}"
