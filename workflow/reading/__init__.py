"""Files become rows: what a file is, how it is written, and every row with the line on which it begins."""

FORMATS = ("csv", "jsonl", "json", "parquet", "label-studio", "dataset")
"""What Concord reads. ``csv`` is any table of text, whatever separates its columns; ``dataset`` is a folder."""
