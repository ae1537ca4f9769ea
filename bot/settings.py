"""What the environment says: where the store is, how Slack is reached. A ``.env`` file in the folder is read too."""

from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings by the names of their environment variables. Without tokens the workspace on this machine is used."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    concord_home: Path = Path(".concord")
    concord_database_url: SecretStr | None = None
    concord_new_projects: Literal["anybody", "leads"] = Field(
        default="anybody", description="Who may make a project in chat: anybody, or leads and managers of one."
    )
    concord_largest_file: ByteSize = Field(
        default=ByteSize(500_000_000), description="The largest file that is taken in chat, such as 500MB."
    )
    slack_api_url: str | None = None
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    concord_http: str | None = Field(default=None, description="HOST:PORT of HTTP mode, as --http.")
    concord_status: str | None = Field(default=None, description="HOST:PORT of the status pages, as --status.")
    concord_log: Literal["json", "text"] | None = Field(
        default=None, description="How log lines look; readable ones at a terminal and JSON elsewhere by default."
    )
    concord_log_level: Literal["debug", "info", "warning", "error"] = "info"
    concord_debug: bool = Field(default=False, description="Show the stack trace of an unexpected error.")

    @property
    def database_url(self) -> str:
        """The address of the store: SQLite in Concord's home unless ``CONCORD_DATABASE_URL`` says otherwise."""
        if self.concord_database_url is not None:
            return self.concord_database_url.get_secret_value()
        return f"sqlite:///{self.concord_home.expanduser().absolute() / 'concord.db'}"
