"""What both witnesses need: a run of one server in one window, and the programs of a release build."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BINARIES = Path(__file__).resolve().parents[2] / "target/release"


def need(*programs):
    """Ends the script when a program is missing: without it nothing is witnessed."""
    import shutil
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}")
    if not (BINARIES / "bench-runner").exists():
        sys.exit(f"no bench-runner in {BINARIES}: cargo build --release --workspace")


def first_served():
    """Has the scheduler prefer this process and what it starts; a machine on which others work too makes readings late.

    Where that is not permitted, it is left."""
    try:
        os.setsid()
    except OSError:
        pass
    try:
        Path("/proc/self/autogroup").write_text("-20")
        os.nice(-20)
    except OSError:
        pass


def start_run(model, conns, flags, out, bin_dir=BINARIES):
    """Starts a run of one cell with one window, in which all connections talk."""
    words = ["-m", model, "-c", str(conns), "--active", str(conns), "-r", "1", "--out", out, "--bin-dir", str(bin_dir)]
    command = [str(BINARIES / "bench-runner"), *words, *flags]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def row_of(process, out):
    """Waits for a run's end; its only row."""
    _, told = process.communicate(timeout=120)
    if process.returncode:
        sys.exit(f"the run ended with {process.returncode}: {told.strip()[-600:]}")
    [line] = (Path(out) / "rows.jsonl").read_text().splitlines()
    return json.loads(line)


def recorded(model, conns, flags):
    """The row of a run that nobody watches."""
    with tempfile.TemporaryDirectory() as directory:
        out = f"{directory}/run"
        return row_of(start_run(model, conns, flags, out), out)
