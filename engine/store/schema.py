"""Every table there is, imported for its effect: it fills the metadata that migrations are compared with."""

from engine.store import (
    tables,
    tables_editing,
    tables_health,
    tables_history,
    tables_keeping,
    tables_notices,
    tables_people,
)

__all__ = [
    "tables",
    "tables_editing",
    "tables_health",
    "tables_history",
    "tables_keeping",
    "tables_notices",
    "tables_people",
]
