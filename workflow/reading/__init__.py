"""Files become rows: what a file is, how it is written, and every row with the line on which it begins."""

FORMATS = ("csv", "tsv", "jsonl", "json", "label-studio", "parquet", "arrow", "folder")
