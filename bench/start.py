"""How long `xiaoer all` takes to be ready, and how much memory it holds then, with every dictionary loaded.

    python -m bench.start [--rounds N]

A bare Python that has imported aiohttp is measured in the same run, so that the ratio says something on any machine.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PORT = 18310
BARE = "import aiohttp.web, time; print('ready', flush=True); time.sleep(60)"


def rss_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} is gone")


def environment(folder: str) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return os.environ | {
        "XIAOER_LISTEN": f"127.0.0.1:{PORT}",
        "XIAOER_DATABASE_URL": f"sqlite:///{folder}/xiaoer.db",
        "XIAOER_WECOM__CORP_ID": "ww0123456789abcdef",
        "XIAOER_WECOM__AGENT_ID": "1000002",
        "XIAOER_WECOM__SECRET": "a-secret",
        "XIAOER_WECOM__TOKEN": "aToken",
        "XIAOER_WECOM__AES_KEY": "simulatorKey0123456789ABCDEFGHIJKLMNOPQRSTU",
        "XIAOER_WECOM__API_BASE": nowhere,
    }


def bare() -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    measured = time.perf_counter() - began, rss_mb(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()
    return measured


def xiaoer(folder: str) -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "all"],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not _ready():
        if process.poll() is not None:
            raise SystemExit("xiaoer ended before it was ready")
        time.sleep(0.02)
    ready_s = time.perf_counter() - began
    time.sleep(2)
    measured = ready_s, rss_mb(process.pid)
    process.terminate()
    process.wait(15)
    return measured


def _ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        first = xiaoer(folder)
        pairs = [(bare(), xiaoer(folder)) for _round in range(rounds)]
    bare_s, bare_mb = (statistics.median(one[0][part] for one in pairs) for part in (0, 1))
    ready_s, mb = (statistics.median(one[1][part] for one in pairs) for part in (0, 1))
    print(f"first start, with the tables to make: ready after {first[0]:.1f} s, {first[1]:.0f} MB")
    print(f"later starts: ready after {ready_s:.1f} s, {mb:.0f} MB; bare aiohttp {bare_s:.1f} s, {bare_mb:.0f} MB")
    print(f"time {ready_s / bare_s:.1f} and memory {mb / bare_mb:.1f} times those of bare aiohttp")
    print("repeat with: python -m bench.start")


if __name__ == "__main__":
    main()
