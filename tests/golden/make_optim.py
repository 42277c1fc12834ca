"""Write optim.json: where PyTorch's optimisers are after 1, 10 and 100 steps of the cases in tests/optim_cases.py.

python tests/golden/make_optim.py        # needs torch; the tests only read the file
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # to run from anywhere

from tests.optim_cases import CASES, theirs

lines = [f"{json.dumps(name)}: {json.dumps(theirs(*case)[[0, 9, -1]].tolist())}" for name, case in CASES.items()]
Path(__file__).with_name("optim.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
