"""``concord db``: where the store is, and bringing it to the newest schema."""

import typer

app = typer.Typer(help="The database: where it is, and its schema.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema; a newer one is refused and left as it is.

    \b
    Example:
      CONCORD_DATABASE_URL=postgresql://concord@db/concord concord db upgrade
    """
    from bot.settings import Settings
    from storage import schema
    from storage.engine import open_store

    store = open_store(Settings().database_url, pool_size=1)
    try:
        before, after = schema.upgrade(store)
    finally:
        store.close()
    print(f"Already at {after}." if before == after else f"Brought from {before or 'nothing'} to {after}.")


@app.command()
def path() -> None:
    """Print the address of the database; a password in it is not shown.

    \b
    Example:
      concord db path
    """
    from sqlalchemy import make_url

    from bot.settings import Settings

    print(make_url(Settings().database_url).render_as_string(hide_password=True))
