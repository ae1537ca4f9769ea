"""What the clock does: each job makes one call into the workflow per project and transaction."""
