"""Concord as a process of its own, as ``concord run`` starts it, connected to the benchmark's Slack.

python -m benchmarks.clicks_bot DATABASE_URL SLACK_URL
"""

import sys

from bot import logs, process
from bot.process import Connection
from storage.engine import open_store


def main() -> None:
    database, slack = sys.argv[1:]
    logs.set_up()
    store = open_store(database, pool_size=20)
    concord = process.start(store, Connection("xoxb-1", f"{slack}/api/", "xapp-1"))
    process.keep_what_is_here()
    print("ready", flush=True)
    sys.stdin.read()
    concord.stop()


if __name__ == "__main__":
    main()
