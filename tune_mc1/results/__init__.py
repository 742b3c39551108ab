"""Result directory: journal, tables, object store."""
