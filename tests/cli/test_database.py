"""`clutch db`, as a person calls it."""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import database, main
from clutch.errors import SetupNeeded
from clutch.settings import Settings
from storage.cluster import Cluster
from storage.cluster.installation import Installation
from storage.upgrade import head_revision

Call = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A place that the server's user can enter, as pytest's own is not."""
    each = Path(tempfile.mkdtemp(prefix="clutch-"))
    each.chmod(0o755)
    yield each
    Cluster(each / "postgres").reset()
    shutil.rmtree(each)


@pytest.fixture
def call(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    """Run `clutch db ...` and give its exit code with all that it wrote."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CLUTCH_{name.upper()}", raising=False)
    monkeypatch.setenv("CLUTCH_DATA_DIRECTORY", str(directory))

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main.run(["db", *words])
        written = capfd.readouterr()
        return int(ended.value.code or 0), written.out + written.err

    return run


@pytest.mark.postgis
def test_a_server_is_made_upgraded_stopped_and_deleted(call: Call) -> None:
    assert "not made yet" in call("status")[1]

    code, text = call("upgrade")
    assert (code, text) == (0, f"the schema is at revision {head_revision()}\n")
    assert "stopped" in call("status")[1]

    code, text = call("start")
    assert code == 0
    assert "running" in text
    assert "until     `clutch db stop`" in text
    assert f"schema    {head_revision()}" in text
    assert "serve as  postgresql+psycopg://clutch_app@/clutch?host=" in text
    call("upgrade")
    assert "running" in call("status")[1]

    assert call("stop") == (0, "stopped\n")
    assert call("reset", "--yes") == (0, "deleted; the next command makes an empty one\n")
    assert "not made yet" in call("status")[1]


@pytest.mark.parametrize(("answer", "obeyed"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_reset_asks_and_takes_only_a_yes(
    call: Call, directory: Path, monkeypatch: pytest.MonkeyPatch, answer: str, obeyed: int
) -> None:
    deleted: list[Cluster] = []
    monkeypatch.setattr(Cluster, "reset", lambda cluster: deleted.append(cluster))
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    code, text = call("reset")
    assert code == 1 - obeyed
    assert f"Delete the database in {directory}" in text
    assert len(deleted) == obeyed


@pytest.mark.postgis
def test_what_another_command_uses_is_not_deleted(call: Call, directory: Path) -> None:
    with Cluster(directory / "postgres").used():
        refusal = "clutch: another command uses the database: end that one first\n"
        assert call("reset", "--yes") == (1, refusal)
        assert "running" in call("status")[1]
    assert call("reset", "--yes")[0] == 0


@pytest.mark.parametrize("words", [("start",), ("stop",), ("reset", "--yes")])
def test_a_named_server_is_not_ours_to_steer(
    call: Call, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", "postgresql://app:secret@127.0.0.1:1/clutch")
    code, text = call(*words)
    assert code == 1
    assert text.startswith("clutch: CLUTCH_DATABASE_URL names a server, which Clutch does not")


def test_a_named_server_that_is_down_is_said_in_one_line(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", "postgresql://app:secret@127.0.0.1:1/clutch")
    assert call("status") == (
        1,
        "clutch: the database (Connection refused) is not available now; try again in 5 seconds\n",
    )


def test_a_wrong_setting_is_a_wrong_call(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUTCH_PORT", "http")
    assert call("status") == (
        2,
        "clutch: CLUTCH_PORT: expected a port number, 1 to 65535, found http\n",
    )


FIT = Installation(bin_directory=Path("/usr/bin"), major=16, missing=())


@pytest.mark.parametrize(
    ("found", "url", "asked"),
    [
        ([FIT], "", False),
        ([], "postgresql://db.example/clutch", False),
        ([], "", True),
    ],
)
def test_packages_are_installed_only_where_they_are_needed(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    found: list[Installation],
    url: str,
    asked: bool,
) -> None:
    def refuse(say: Callable[[str], None]) -> None:
        raise SetupNeeded("install it")

    monkeypatch.setattr(database, "installations", lambda: found)
    monkeypatch.setattr(database, "install_packages", refuse)
    monkeypatch.setenv("CLUTCH_DATABASE_URL", url)
    assert call("install") == ((1, "clutch: install it\n") if asked else (0, ""))
