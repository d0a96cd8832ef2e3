"""One async store for SQLite and PostgreSQL; one writer at a time on SQLite."""
