"""Cases: who may judge, who is asked and until when, what was ruled on like items, disputes, and what people are told."""
