"""Writing many rows with one statement.

Rows travel as one JSON text and become records of their own table (``json_populate_recordset``). Measured for a row of
eleven columns: 2 microseconds of our processor time, against 21 for arrays with ``unnest`` and some 55 for the ORM's
``bulk_create``, and a third of the time until it is written (docs/performance.md).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection, models

Row = Mapping[str, Any]


def insert(model: type[models.Model], rows: Sequence[Row], *, then: str = "", returning: str = "") -> list[Any]:
    """Add rows, all with the columns of the first, and return what ``returning`` asks for. Cost: one statement.

    ``then`` is what follows the rows, such as ``ON CONFLICT DO NOTHING``. Columns that are left out get the database's
    own default, which Django's models have for keys only.
    """
    if not rows:
        return []
    table, columns = model._meta.db_table, ", ".join(rows[0])
    statement = (
        f"INSERT INTO {table} ({columns}) SELECT {columns} "  # noqa: S608 - names are our own
        f"FROM json_populate_recordset(NULL::{table}, %s) {then}"
    )
    return _run(f"{statement} RETURNING {returning}" if returning else statement, [as_json(rows)], bool(returning))


def update(
    model: type[models.Model], rows: Sequence[Row], *, set_: str, where: str = "", params: Sequence[Any] = (),
    returning: str = "", record: str = "",
) -> list[Any]:  # fmt: skip
    """Change rows by their key and return what ``returning`` asks for. Cost: one statement.

    In ``set_`` and ``where`` the stored row is ``t`` and the new one ``c``; ``params`` fill their placeholders, those
    of ``set_`` first. ``record`` names the columns of ``c`` with their types, where they are not the table's own.
    """
    if not rows:
        return []
    table = model._meta.db_table
    condition = f" AND {where}" if where else ""
    source = (
        f"json_to_recordset(%s) AS c({record})" if record else f"json_populate_recordset(NULL::{table}, %s) AS c"
    )
    statement = f"UPDATE {table} AS t SET {set_} FROM {source} WHERE t.id = c.id{condition}"  # noqa: S608 - our own
    before = set_.count("%s")
    given = [*params[:before], as_json(rows), *params[before:]]
    return _run(f"{statement} RETURNING {returning}" if returning else statement, given, bool(returning))


def as_json(rows: Sequence[Any]) -> str:
    """Return rows as JSON: decimals as text, times with their zone, ids as text."""
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def _run(statement: str, params: Sequence[Any], returns: bool) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall()) if returns else []
