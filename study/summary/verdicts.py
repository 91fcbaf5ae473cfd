"""What may be said of a claim."""

HOLDS = "holds"
FAILS = "does not hold at this scale"
UNKNOWN = "not enough evidence"
VERDICTS = (HOLDS, FAILS, UNKNOWN)
