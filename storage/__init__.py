"""What Concord remembers: tables, engine, sessions, migrations."""
