"""Did a version help? Agreement before and after, and the interval of their difference."""
