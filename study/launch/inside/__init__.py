"""What runs inside a job: the command, its signals, and the record of how it ended."""
