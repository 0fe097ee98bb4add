"""What the linter lets pass: each ignore has a reason, and fires somewhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.patience import SECONDS_MAX

HOUSE = Path(__file__).parents[2]
TEXT = (HOUSE / "pyproject.toml").read_text("utf-8")
IGNORED: list[str] = tomllib.loads(TEXT)["tool"]["ruff"]["lint"]["ignore"]


@pytest.mark.parametrize("rule", IGNORED)
def test_an_ignored_rule_says_why(rule: str) -> None:
    assert re.search(rf'^ +"{rule}", +# \w.{{15,}}$', TEXT, re.MULTILINE)


@pytest.mark.parametrize("rule", IGNORED)
def test_an_ignored_rule_fires_somewhere(rule: str) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", rule, str(HOUSE)]
    assert subprocess.run(ruff, capture_output=True, timeout=SECONDS_MAX).returncode == 1
