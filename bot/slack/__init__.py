"""Talking to Slack: one way to make clients, one reading of what Slack answers."""
