"""What may be said of a claim."""

HOLDS = "holds"
FAILS = "does not hold at this scale"
UNKNOWN = "not enough evidence"
NOT_RUN = "not run"  # or not all of it: a run of an arm is missing, failed or has no score
VERDICTS = (HOLDS, FAILS, UNKNOWN, NOT_RUN)
