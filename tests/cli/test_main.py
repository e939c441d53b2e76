"""What an error looks like on a terminal, and how a command ends."""

import io
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import version

import pytest
import typer

from cli import main
from clutch.errors import ClutchError, InvalidInput, SetupNeeded, Unavailable


def ending(words: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main.run(words)
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (InvalidInput("--limit", "a number"), 2, "clutch: --limit: expected a number\n"),
        (SetupNeeded("install it"), 1, "clutch: install it\n"),
        (Unavailable("it"), 1, "clutch: it is not available now; try again in 5 seconds\n"),
        (ClutchError("no"), 1, "clutch: no\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_every_error_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    exit_code: int,
    line: str,
) -> None:
    app = typer.Typer()

    @app.command("fail")
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "_assembled", lambda _: app)
    assert ending([]) == exit_code
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(
    ("words", "named", "explained"),
    [
        (["absent"], "'absent'", "clutch --help"),
        (["--colour"], "--colour", "clutch --help"),
        (["match", "--lon", "abc", "--make", "kia", "--lat", "30"], "--lon", "clutch match --help"),
        (["match"], "--make", "clutch match --help"),
        (["match", "--colour", "red"], "--colour", "clutch match --help"),
        (["serve", "--port", "70000"], "--port", "clutch serve --help"),
        (["serve", "--workers", "0"], "--workers", "clutch serve --help"),
        (["import", "shops"], "FILE", "clutch import shops --help"),
        (["db", "absent"], "'absent'", "clutch db --help"),
    ],
)
def test_a_wrong_call_is_answered_with_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], named: str, explained: str
) -> None:
    assert ending(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("clutch: ")
    assert said.err.count("\n") == 1
    assert named in said.err
    assert said.err.endswith(f"(see `{explained}`)\n")


@pytest.mark.parametrize("words", [[], ["db"], ["import"]])
def test_without_a_command_the_commands_are_listed(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert ending(words) == 2
    said = capsys.readouterr()
    assert "Commands" in said.out
    assert said.err == ""


def test_it_knows_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(["--version"]) == 0
    assert capsys.readouterr().out == f"clutch {version('clutch')}\n"


def test_a_question_without_an_answer_stops_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command("ask")
    def ask() -> None:
        typer.confirm("Sure?", abort=True)

    monkeypatch.setattr(main, "_assembled", lambda _: app)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert ending([]) == 1
    assert capsys.readouterr().err == "clutch: stopped; nothing was done\n"


@pytest.mark.parametrize("command", ["", *main._MODULES])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert ending([*command.split(), "--help"]) == 0
    assert "Usage: " in capsys.readouterr().out


SCRIPT = """
    import sys, time, typer
    from contextlib import contextmanager
    from cli import main

    app = typer.Typer()

    @contextmanager
    def opened():
        try:
            print("opened", flush=True)
            yield
        finally:
            time.sleep(0.2)
            print("put away", flush=True)

    @app.command("wait")
    def wait() -> None:
        with opened():
            time.sleep(30)

    @app.command("talk")
    def talk() -> None:
        sys.stdin.read()
        for line in range(int(sys.argv[1])):
            print(line)

    main._assembled = lambda words: app
    main.run(sys.argv[2:])
"""


def started(*words: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *words]
    return subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_what_is_open_is_put_away_when_a_command_is_stopped(
    number: signal.Signals, exit_code: int
) -> None:
    with started("0", "wait") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "opened\n"
        process.send_signal(number)
        assert process.communicate(timeout=10) == ("put away\n", "")
    assert process.returncode == exit_code


@pytest.mark.parametrize("lines", ["1", "100000"])
def test_a_reader_may_leave_early(lines: str) -> None:
    with started(lines, "talk") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdin is not None
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode in {0, 1}
