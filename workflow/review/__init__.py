"""Accepted items that a reviewer looks at: picked by policy, claimed, accepted, corrected, sent back, passed up."""
