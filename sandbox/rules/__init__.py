"""What Slack accepts: every limit of blocks, views and messages, with the JSON pointer of each fault.

Source: Slack's reference pages for blocks, elements, composition objects and views; where its pages
and its behaviour differ, the stricter is held, so that what passes here passes there.
"""
