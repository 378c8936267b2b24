"""A search by how a value begins.

Knows the one prefix look-up that PostgreSQL still serves from an index under row security: LIKE is not leakproof, so
a policy switches its index off. Use it on columns with the "C" collation.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup, TextField


@CharField.register_lookup
@TextField.register_lookup
class StartsWith(Lookup):
    """`column__starts_with="abc"`: starts_with(column, 'abc')."""

    lookup_name = "starts_with"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"starts_with({left}, {right})", (*left_params, *right_params)
