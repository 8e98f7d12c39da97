"""Tables whose rows the database itself refuses to change or delete."""

from __future__ import annotations

from sqlalchemy import Table, event

from hub.database.tables import ddl


def append_only(table: Table) -> Table:
    """Let a table take rows in and never change them, on either database; give it back."""
    name = table.name
    refusal = f"{name} is append-only"
    for verb in ("UPDATE", "DELETE"):
        statement = (
            f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        event.listen(table, "after_create", ddl(statement, dialect="sqlite"))
    for statement in (
        (
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{refusal}' USING ERRCODE = '23000'; END $$"
        ),
        (
            f"CREATE TRIGGER {name}_guard BEFORE UPDATE OR DELETE ON {name} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
        ),
        (
            f"CREATE TRIGGER {name}_keep BEFORE TRUNCATE ON {name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_guard()"
        ),
    ):
        event.listen(table, "after_create", ddl(statement, dialect="postgresql"))
    return table
