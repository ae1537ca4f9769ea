"""The annotation operation itself: plain functions over a session. No Slack, no threads, no wall clock."""
