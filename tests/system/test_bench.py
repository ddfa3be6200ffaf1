"""bench/run works: its figures are for people, that it gives them is for us."""

import subprocess

from harness.process import ROOT, build_directory


def test_the_bench_measures_every_part() -> None:
    build = build_directory().parent
    command = [str(ROOT / "bench/run"), "--smoke", f"--build={build}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for what in ("POST→202, 32", "POST→webhook, saturated", "store:", "restart after kill -9"):
        assert what in done.stdout, done.stdout
