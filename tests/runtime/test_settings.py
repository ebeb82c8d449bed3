"""A setting that is missing or malformed: one line that names it, exit 2, never a traceback."""

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.command import Ended, Shell

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


def run(shell: Shell, folder: Path, changes: Mapping[str, str | None]) -> Ended:
    given = {**GOOD, "XIAOER_DATABASE_URL": f"sqlite:///{folder}/x.db", **changes}
    return shell.xiaoer({name: value for name, value in given.items() if value is not None}, "all")


@pytest.mark.parametrize(("changes", "name"), BAD)
def test_a_bad_setting_is_one_line_and_exit_2(
    shell: Shell, tmp_path: Path, changes: dict[str, str | None], name: str
) -> None:
    ended = run(shell, tmp_path, changes)
    [said] = [line for line in ended.err.splitlines() if line.startswith("xiaoer:")]
    assert ended.code == 2
    assert name in said
    assert "Traceback" not in ended.err
    assert "hidden" not in ended.err
    assert GOOD["XIAOER_WECOM__SECRET"] not in ended.err


def test_no_platform_at_all_points_at_the_demo(shell: Shell, tmp_path: Path) -> None:
    ended = run(shell, tmp_path, dict.fromkeys(GOOD))
    assert (ended.code, "xiaoer demo" in ended.err) == (2, True)


def test_a_settings_file_that_cannot_be_read_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "xiaoer.toml").write_text("listen = ")
    ended = run(shell, tmp_path, {})
    assert (ended.code, "xiaoer.toml" in ended.err) == (2, True)


def test_a_port_that_is_taken_is_named(shell: Shell, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run(shell, tmp_path, {"XIAOER_LISTEN": listen})
    assert (ended.code, listen in ended.err) == (2, True)
