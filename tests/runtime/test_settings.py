"""A setting that is missing or malformed: one line that names it, exit 2, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = {
    "XIAOER_WECOM__CORP_ID": "ww0123456789abcdef",
    "XIAOER_WECOM__AGENT_ID": "1000002",
    "XIAOER_WECOM__SECRET": "a-secret-that-nobody-sees",
    "XIAOER_WECOM__TOKEN": "aToken",
    "XIAOER_WECOM__AES_KEY": "simulatorKey0123456789ABCDEFGHIJKLMNOPQRSTU",
    "XIAOER_WECOM__API_BASE": "http://127.0.0.1:9",
    "XIAOER_LISTEN": "127.0.0.1:0",
}
BAD = [
    ({"XIAOER_WECOM__CORP_ID": None}, "XIAOER_WECOM__CORP_ID"),
    ({"XIAOER_WECOM__AGENT_ID": "many"}, "XIAOER_WECOM__AGENT_ID"),
    ({"XIAOER_WECOM__AES_KEY": "short"}, "XIAOER_WECOM__AES_KEY"),
    ({"XIAOER_WECOM__AES_KEY": "!" * 43}, "XIAOER_WECOM__AES_KEY"),
    ({"XIAOER_LISTEN": "nowhere"}, "XIAOER_LISTEN"),
    ({"XIAOER_LISTEN": "300.1.1.1:80"}, "XIAOER_LISTEN"),
    ({"XIAOER_TIMEZONE": "Mars/Olympus"}, "XIAOER_TIMEZONE"),
    ({"XIAOER_DATABASE_URL": "garbage"}, "XIAOER_DATABASE_URL"),
    ({"XIAOER_DATABASE_URL": "mysql://x"}, "XIAOER_DATABASE_URL"),
    ({"XIAOER_DATABASE_URL": "sqlite:////proc/nowhere/x.db"}, "XIAOER_DATABASE_URL"),
    ({"XIAOER_DATABASE_URL": "postgresql://xiaoer:hidden@127.0.0.1:9/x"}, "XIAOER_DATABASE_URL"),
    ({"XIAOER_REDIS_URL": "bogus"}, "XIAOER_REDIS_URL"),
    ({"XIAOER_WEBHOOKS": "xx"}, "XIAOER_WEBHOOKS"),
    ({"XIAOER_ROLES__MANAGER": "lin"}, "XIAOER_ROLES"),
    ({"XIAOER_SOPS": "/nowhere"}, "XIAOER_SOPS"),
    ({"XIAOER_ARCHIVE__PRIVATE_KEY": "/nowhere"}, "XIAOER_ARCHIVE__PRIVATE_KEY"),
]


def run(folder: Path, changes: dict[str, str | None], *command: str) -> subprocess.CompletedProcess[str]:
    given = {**GOOD, "XIAOER_DATABASE_URL": f"sqlite:///{folder}/x.db", **changes}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XIAOER_")}
    environment = plain | {name: value for name, value in given.items() if value is not None}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "bot", *command], env=environment, cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(("changes", "name"), BAD)
def test_a_bad_setting_is_one_line_and_exit_2(tmp_path: Path, changes: dict[str, str | None], name: str) -> None:
    ended = run(tmp_path, changes, "all")
    said = [line for line in ended.stderr.splitlines() if line.startswith("xiaoer:")]
    assert ended.returncode == 2, ended.stderr[-800:]
    assert len(said) == 1
    assert name in said[0]
    assert "Traceback" not in ended.stderr
    assert "hidden" not in ended.stderr
    assert GOOD["XIAOER_WECOM__SECRET"] not in ended.stderr


def test_no_platform_at_all_points_at_the_demo(tmp_path: Path) -> None:
    ended = run(tmp_path, dict.fromkeys(GOOD), "all")
    assert ended.returncode == 2
    assert "xiaoer demo" in ended.stderr


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "xiaoer.toml").write_text("listen = ")
    ended = run(tmp_path, {}, "all")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "xiaoer.toml" in ended.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run(tmp_path, {"XIAOER_LISTEN": listen}, "all")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert listen in ended.stderr
