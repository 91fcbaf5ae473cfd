"""``python -m study.scoring.worker INDEX OF``: one process of a scoring, which tells how far it is in JSON lines."""

from __future__ import annotations

import json
import os
import sys

from study.errors import StudyError, UnansweredError
from study.scoring.hub import OFFLINE, reads
from study.scoring.progress import Done
from study.scoring.request import OpenClipRef, Request
from study.scoring.share import Share


def main() -> int:
    """Score a share; a mistake of the user's is told in a last line."""
    request = Request.model_validate_json(sys.stdin.read())
    by = request.by
    if isinstance(by, OpenClipRef) and not by.download:
        os.environ[OFFLINE] = "1"
    try:
        from study.models.loading import load_models

        load_models(hub_towers=isinstance(by, OpenClipRef) and reads(by.model).tower is not None)
        from study.scoring.work import score_share

        score_share(request, Share(int(sys.argv[1]), int(sys.argv[2])), _tell)
    except UnansweredError as error:
        print(json.dumps({"error": f"{error}; what is scored is kept: run the same command again"}), flush=True)
        return 2
    except StudyError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 2
    except BrokenPipeError:  # whoever asked is gone
        return 1
    return 0


def _tell(done: Done) -> None:
    print(done.model_dump_json(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
