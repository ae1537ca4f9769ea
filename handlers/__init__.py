"""What people do in Slack: each handler parses, authorises, makes one call into the workflow, and says its answer."""
