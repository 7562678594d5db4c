"""The two commands' own logic: what they say when a machine lacks something, and what a bench's word counts for."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
NEEDED = ("sh", "cat", "cksum", "cut", "dirname", "mkdir", "tail", "rm", "sort", "grep")


@pytest.fixture
def machine(tmp_path):
    """A checkout on a machine that has python3 and a handful of tools: machine(uid, *more tools) → what scripts/setup answers."""
    for name in ("setup", "lacking.py"):
        (tmp_path / "scripts").mkdir(exist_ok=True)
        (tmp_path / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
    (tmp_path / "scripts/setup").chmod(0o755)
    (tmp_path / "requirements").mkdir()
    for name in ("run", "test", "uv"):
        (tmp_path / f"requirements/{name}.txt").write_text("")
    tools = tmp_path / "bin"
    tools.mkdir()

    def put(name, script):
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)

    for name in NEEDED:
        found = next(path for folder in ("/usr/bin", "/bin") if (path := Path(folder) / name).exists())
        (tools / name).symlink_to(found)
    # this python, on a machine without pango: what lacking.py answers there
    put("python3", f'case $1 in scripts/lacking.py) echo libpango-1.0-0; echo tzdata;; *) exec {sys.executable} "$@";; esac')

    def setup(uid, **more):
        put("id", f"echo {uid}")
        for name, script in more.items():
            put(name.replace("_", "-"), script)
        return subprocess.run(["scripts/setup", "run"], cwd=tmp_path, env={"PATH": str(tools), "HOME": str(tmp_path)},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return setup


LINE = "sudo apt-get install -y --no-install-recommends libpango-1.0-0 tzdata"


def test_without_rights_the_one_line_for_the_administrator_is_printed(machine):
    answer = machine(1000, apt_get="exit 0")
    assert answer.returncode == 1
    assert f"\n  {LINE}\n" in answer.stderr


def test_sudo_that_would_ask_for_a_password_counts_as_no_rights(machine):
    answer = machine(1000, apt_get="exit 0", sudo="exit 1")
    assert answer.returncode == 1
    assert LINE in answer.stderr


def test_without_apt_the_packages_are_named(machine):
    answer = machine(0)
    assert answer.returncode == 1
    assert "libpango-1.0-0 tzdata" in answer.stderr and "sudo" not in answer.stderr


def test_sources_that_cannot_be_reached_are_told_in_apts_words(machine):
    answer = machine(0, env='while case $1 in *=*) true;; *) false;; esac; do shift; done; exec "$@"',
                     apt_get="echo 'E: Unable to fetch some archives'; exit 100")
    assert answer.returncode == 1
    assert "E: Unable to fetch some archives" in answer.stderr and LINE in answer.stderr


def test_apt_that_succeeds_without_bringing_it_does_not_go_on(machine):
    answer = machine(0, env='while case $1 in *=*) true;; *) false;; esac; do shift; done; exec "$@"', apt_get="exit 0")
    assert answer.returncode == 1
    assert "still missing after apt: libpango-1.0-0 tzdata" in answer.stderr


def test_sudo_without_password_is_used(machine, tmp_path):
    machine(1000, sudo='[ "$1" = -n ] && exit 0; echo "$@" >>asked', apt_get="exit 0")
    asked = (tmp_path / "asked").read_text()
    assert "env DEBIAN_FRONTEND=noninteractive" in asked and "install -y --no-install-recommends libpango-1.0-0 tzdata" in asked


def test_this_machine_lacks_nothing_for_the_tests():
    answer = subprocess.run([sys.executable, "scripts/lacking.py", "test"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


@pytest.mark.parametrize(("script", "code"), [
    ("print('RESULT a 1 2 ok')", 0),
    ("print('RESULT a 3 2 short')", 1),
    ("print('nothing to say')", 1),
    ("print('RESULT a 1 2 ok'); raise SystemExit(1)", 1),
    ("print('RESULT a 1 2 fine')", 1),
])
def test_bench_believes_only_a_clean_ok(tmp_path, script, code):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bench").mkdir()
    (tmp_path / "scripts/bench.py").write_bytes((ROOT / "scripts/bench.py").read_bytes())
    (tmp_path / "bench/claim.py").write_text(script)
    answer = subprocess.run([sys.executable, "scripts/bench.py"], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == code
    assert answer.stdout.splitlines()[-1].startswith("RESULT ")


@pytest.mark.skipif(not Path("/usr/lib/postgresql").exists(), reason="needs PostgreSQL's programs; .ci/run brings them")
def test_with_postgres_hands_on_the_exit_code_and_leaves_nothing():
    answer = subprocess.run([ROOT / "scripts/with-postgres", "sh", "-c", "echo $DATABASE_URL; exit 7"], capture_output=True, text=True,
                            env=os.environ | {"TMPDIR": tempfile.gettempdir()})
    assert answer.returncode == 7, answer.stderr
    folder = answer.stdout.strip().rpartition("host=")[2]
    assert Path(folder).name.startswith("pg.") and not Path(folder).exists()


def pinned(name):
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==(\S+)", (ROOT / f"requirements/{name}.txt").read_text(), re.M))


def direct(name):
    lines = (ROOT / f"requirements/{name}.in").read_text().splitlines()
    return [re.match(r"[A-Za-z0-9-]+", line)[0] for line in lines if line and line[0] not in "#-"]


@pytest.mark.parametrize("name", ["run", "test", "bench", "s3", "uv"])
def test_locks_are_hashed_and_name_no_address(name):
    text = (ROOT / f"requirements/{name}.txt").read_text()
    assert "http" not in text and "--index" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert blocks and all("--hash=sha256:" in block for block in blocks)


def test_each_direct_dependency_has_its_line():
    page = (ROOT / "docs/dependencies.md").read_text()
    for name in ("run", "test", "bench", "s3", "uv"):
        locked = {package.lower(): version for package, version in pinned(name).items()}
        for package in direct(name):
            assert re.search(rf"^\| {re.escape(package)} {re.escape(locked[package.lower()])} \|", page, re.M), package
