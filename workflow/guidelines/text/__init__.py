"""The text of a guideline: taken apart, compared, brought over to a later one, read from files and written to them."""
