"""``study`` without decoded copies and with little patience: python -m tests.train.stuck train SPEC ..."""

import os
import sys

from study.cli import main
from study.data import streaming
from study.data.streaming import coming
from study.train import feed

if __name__ == "__main__":
    streaming.CACHE_BYTES = 0
    feed.GRACE = 1.0
    coming.PATIENCE = float(os.environ.get("PATIENCE", coming.PATIENCE))
    sys.exit(main(sys.argv[1:]))
