"""Training of one run, from its spec to its outcome."""
