"""What serves people keeps out of its memory what only training needs."""

import json
import subprocess
import sys

FORBIDDEN = ("pandas", "pyarrow", "matplotlib", "sklearn", "scipy", "plotly", "ml.lab", "ml.books", "ml.report")
# The web app, a worker's child and the relay, each with CatBoost as it is when the models are warm.
SERVING = """
import json, sys
import api.main, api.relay, api.worker
from ml.models.lean import catboost
catboost()
print(json.dumps(sorted(sys.modules)))
"""


def test_no_server_loads_what_only_training_needs() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "_catboost" in loaded or "catboost._catboost" in loaded, "or this test says nothing"
    assert [
        name for name in loaded if name.startswith(tuple(f"{each}." for each in FORBIDDEN)) or name in FORBIDDEN
    ] == []
