"""How a change of a guideline is written down: in a form, in a dropped file, from a ruling, on the command line."""
