"""`python -m tests.chaos --kills 10 --events 500 --seed 7`: plays, reports, and ends with 1 if anything is wrong.

The folder is deleted if nothing is, and kept otherwise.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import report
from tests.chaos.plan import Size
from tests.chaos.play import played


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--events", type=int, default=500)
    options.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    options.add_argument("--lag", type=float, default=2.0, help="seconds that the lagging service's lookup is behind")
    options.add_argument("--parallel", type=int, default=50, help="runs that are executed at the same time")
    options.add_argument("--folder", type=Path, help="where everything is written; kept")
    options.add_argument("--output", type=Path, default=Path(".cache/chaos.json"), help="the report as JSON")
    given = options.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="zapwerk-chaos-"))
    os.chmod(folder, 0o755) if folder.exists() else None  # (Dovecot reads below it as another user)
    size = Size(given.kills, given.events, given.seed, given.lag, given.parallel)
    print(f"the seed is {size.seed}; everything is in {folder}", flush=True)
    done = played(folder, size, lambda said: print(said, file=sys.stderr, flush=True))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(report.as_json(done), indent=1) + "\n")
    print(f"\n{report.table(done)}\n\nThe same as JSON: {given.output}")
    if done.verdict.findings:
        print(f"\nWhat is wrong ({len(done.verdict.findings)}; everything is kept in {folder}):")
        print(report.wrong(done.verdict.findings, folder / "data"))
        return 1
    if given.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
