"""A few real steps of each configuration of a plan, timed on the device at hand: evidence for later plans."""
