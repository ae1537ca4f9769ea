"""Looking at an installation from outside, while Concord runs or not: what is well, what is not, and what to do about it.

Nothing here writes, neither into the store nor into Slack, but for ``trying``, which says so.
"""
