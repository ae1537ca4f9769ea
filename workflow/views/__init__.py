"""What the cards show, as plain values read from the store. Nothing here writes."""
