"""Items that say nearly the same: found by MinHash bands kept in the store, decided by the true Jaccard similarity."""
