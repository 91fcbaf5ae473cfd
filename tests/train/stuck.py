"""``study`` with no set of pairs that fits the cache: python -m tests.train.stuck train SPEC ..."""

import sys

from study.cli import main
from study.data import streaming

if __name__ == "__main__":
    streaming.CACHE_BYTES = 0
    sys.exit(main(sys.argv[1:]))
