"""Run every bench/*.py in turn; show their RESULT lines together; exit 1 when one is short, fails, or gives none.

A bench prints as its last line `RESULT name figure limit ok|short`. SCALE and DATABASE_URL pass through; one that needs a
PostgreSQL starts it by scripts/with-postgres. Names given as arguments run only those: `bench.py search`.
"""
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = re.compile(r"^RESULT \S+ .+ (ok|short)$")


def run(path):
    """(its RESULT lines, whether all is well); its output is passed on as it comes."""
    results = []
    process = subprocess.Popen([sys.executable, "-u", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        print(line, end="", flush=True)
        if line.startswith("RESULT "):
            results.append(line.strip())
    code = process.wait()
    if code or not results or not all(RESULT.match(line) for line in results):
        results.append(f"RESULT {path.stem} exit={code} results={len(results)} short")
    return results


def main(names):
    paths = [path for path in sorted((ROOT / "bench").glob("*.py"))
             if not path.name.startswith("_") and (not names or path.stem in names)]
    if not paths:
        raise SystemExit("bench: nothing to run")
    results = []
    for path in paths:
        print(f"== {path.stem}", flush=True)
        begun = time.monotonic()
        results += run(path)
        print(f"== {path.stem}: {time.monotonic() - begun:.0f} s\n", flush=True)
    print("\n".join(results))
    raise SystemExit(any(line.endswith(" short") for line in results))


if __name__ == "__main__":
    main(sys.argv[1:])
