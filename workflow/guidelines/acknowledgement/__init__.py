"""A version is told, read, checked and acknowledged; until then people are held."""
