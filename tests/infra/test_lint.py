"""cfn-lint's own judgement."""

import subprocess
import sys
from pathlib import Path


def test_cfn_lint_has_nothing_to_say(root):
    """Not even a warning."""
    command = [Path(sys.executable).with_name("cfn-lint"), root / "template.yaml"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout
