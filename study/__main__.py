"""``python -m study``: the same as the ``study`` command, for torchrun."""

import sys

from study.cli import main

sys.exit(main())
