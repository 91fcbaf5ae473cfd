import subprocess
import sys

SCRIPT = """
import gc, sys
from study.models.loading import load_models
load_models()
load_models()
assert "study.models.clip_model" in sys.modules and gc.isenabled()
assert "transformers" not in sys.modules
import transformers
print(transformers.__name__, gc.get_freeze_count() > 0)
"""


def test_models_load_without_transformers_which_others_may_load_afterwards():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("transformers True\n", "")
