"""What a proposal touches, who decides it, what was decided, and that it does not lapse in silence."""
