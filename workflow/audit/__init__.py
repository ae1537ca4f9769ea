"""Audits: samples of finished items, judged blind; error rates with intervals, and lots that pass or fail."""
