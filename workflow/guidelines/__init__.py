"""Guidelines: proposed with a diff, approved, announced, read, held to, stamped on every label, and measured."""
