"""What all checks share: the project's files, and a check's answer as a line of TAP."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(*endings: str) -> list[Path]:
    """What belongs to the project, committed or not yet, from the root; generated files do not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = (Path(name) for name in sorted(set(listed.split("\0"))) if name)
    return [path for path in paths if (ROOT / path).is_file() and path.name.endswith(endings)]


def read(path: Path) -> str:
    return (ROOT / path).read_text(errors="replace")


def report(check: str, faults: Iterable[str]) -> None:
    """One line for the check, and one under it for each fault."""
    found = list(faults)
    print(f"{'not ok' if found else 'ok'} {check}")
    for fault in found:
        print(f"#   {fault}")
    if found:
        print(f"# repeat: tests/run lint {check.split(':')[0]}")
