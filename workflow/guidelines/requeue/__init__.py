"""Items that were labelled under an earlier rule are given out again."""
