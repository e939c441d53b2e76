"""The private server, for real: started, shared, killed, moved and deleted."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from clutch.errors import SetupNeeded
from clutch.settings import Settings
from storage.cluster import Cluster, Database, running_database
from storage.cluster.server import ServerFailed

pytestmark = pytest.mark.postgis

USE = """
import sys, time
from pathlib import Path
from storage.cluster import Cluster
with Cluster(Path(sys.argv[1])).used() as database:
    print(Cluster(Path(sys.argv[1])).status().process_id, flush=True)
    sys.stdin.read()
"""


def answer(url: str, query: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def using(cluster: Cluster) -> "subprocess.Popen[str]":
    """Start another process that uses the cluster until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(cluster.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def kill_server(cluster: Cluster) -> None:
    process_id = cluster.status().process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)


def test_a_new_directory_becomes_a_server_with_both_roles_and_a_database(place: Path) -> None:
    cluster = Cluster(place / "new")
    assert not cluster.status().made
    with cluster.used() as database:
        assert answer(database.url, "SELECT current_user") == "clutch_app"
        assert answer(database.owner_url, "SELECT current_user") == "clutch_owner"
        assert answer(database.url, "SHOW server_encoding") == "UTF8"
        assert answer(database.url, "SELECT lower('ÄΩ')") == "äω"
        assert cluster.status().facts is not None
    status = cluster.status()
    assert (status.made, status.running) == (True, False)
    cluster.reset()


def test_the_application_role_owns_nothing_and_has_no_powers(cluster: Cluster) -> None:
    with cluster.used() as database:
        powers = "rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication"
        query = f"SELECT {powers} FROM pg_roles WHERE rolname = 'clutch_app'"  # noqa: S608
        assert answer(database.url, query) is False
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            answer(database.url, "CREATE TABLE mine (id int)")


def test_what_was_acknowledged_is_durable(cluster: Cluster) -> None:
    with cluster.used() as database:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert answer(database.url, f"SHOW {name}") == "on"


def test_it_refuses_to_run_when_a_crash_would_lose_data(cluster: Cluster) -> None:
    with cluster.used() as database:
        answer(database.owner_url, "ALTER SYSTEM SET fsync = off")
    with pytest.raises(SetupNeeded, match=r"lose data in a crash \(fsync = off\)"), cluster.used():
        pass


def test_the_last_user_stops_it(cluster: Cluster) -> None:
    with cluster.used():
        with cluster.used():
            assert cluster.status().in_use
        assert cluster.status().running
    assert not cluster.status().running
    assert not cluster.status().in_use


def test_a_user_in_another_process_keeps_it_running(cluster: Cluster) -> None:
    other = using(cluster)
    process_id = first_line(other)
    with cluster.used():
        pass
    assert cluster.status().process_id == process_id
    other.communicate()
    assert not cluster.status().running


def test_a_killed_user_does_not_count(cluster: Cluster) -> None:
    other = using(cluster)
    first_line(other)
    other.kill()
    other.communicate()
    assert cluster.status().running
    with cluster.used():
        pass
    assert not cluster.status().running


def test_an_explicit_start_outlives_other_commands_until_stop(cluster: Cluster) -> None:
    cluster.start()
    with cluster.used():
        pass
    status = cluster.status()
    assert (status.running, status.kept) == (True, True)
    assert cluster.stop()
    assert not cluster.status().running
    with cluster.used():
        pass
    assert not cluster.status().running


def test_stop_waits_for_the_users_unless_it_must_be_now(cluster: Cluster) -> None:
    cluster.start()
    other = using(cluster)
    first_line(other)
    assert not cluster.stop()
    assert cluster.status().running
    assert cluster.stop(now=True)
    assert not cluster.status().running
    other.communicate()


def test_a_killed_server_comes_back_with_all_that_was_committed(cluster: Cluster) -> None:
    with cluster.used() as database:
        answer(database.owner_url, "CREATE TABLE kept AS SELECT 42 AS value")
        kill_server(cluster)
        with cluster.used() as again:
            assert answer(again.owner_url, "SELECT value FROM kept") == 42


def test_a_killed_server_with_a_busy_child_comes_back(cluster: Cluster) -> None:
    with (
        cluster.used() as database,
        closing(psycopg.connect(database.owner_url.replace("+psycopg", ""))) as busy,
    ):
        busy.execute("CREATE TEMPORARY TABLE t (id int)")
        kill_server(cluster)
        with cluster.used() as again:
            assert answer(again.url, "SELECT 1") == 1


@pytest.mark.parametrize("holder", ["nobody", "this process"])
def test_a_stale_pid_file_does_not_matter(cluster: Cluster, holder: str) -> None:
    process_id = os.getpid() if holder == "this process" else 2**22 + 1
    pid_file = cluster.directory / "data" / "postmaster.pid"
    pid_file.write_text(f"{process_id}\n{pid_file.parent}\n1700000000\n5432\n/tmp\n\n0 0\nready\n")
    shutil.copystat(pid_file.parent / "PG_VERSION", pid_file)
    stat = pid_file.parent.stat()
    os.chown(pid_file, stat.st_uid, stat.st_gid)
    assert not cluster.status().running
    with cluster.used() as database:
        assert answer(database.url, "SELECT 1") == 1


def test_a_copied_checkout_leaves_the_others_server_alone(
    new_cluster: Callable[[str], Cluster], place: Path
) -> None:
    one = new_cluster("original")
    with one.used() as original:
        subprocess.run(["cp", "-a", str(one.directory), str(place / "copy")], check=True)
        copy = Cluster(place / "copy")
        assert not copy.status().running
        copy.stop(now=True)
        copy.reset()
        assert answer(original.url, "SELECT 1") == 1


def test_two_checkouts_do_not_see_each_other(
    new_cluster: Callable[[str], Cluster],
) -> None:
    one, two = new_cluster("one"), new_cluster("two")
    with one.used() as first, two.used() as second:
        assert first.url != second.url
        answer(first.owner_url, "CREATE TABLE only_here ()")
        assert answer(second.owner_url, "SELECT to_regclass('only_here')") is None


def test_processes_that_start_together_start_one_server(place: Path) -> None:
    cluster = Cluster(place / "together")
    processes = [using(cluster) for _ in range(3)]
    assert len({first_line(process) for process in processes}) == 1
    assert {process.communicate()[0] for process in processes} == {""}
    assert not cluster.status().running
    cluster.reset()


@pytest.mark.parametrize("name", ['my shop\'s, "new" 100% $HOME `x`', "a, b", "متجر", "long" * 40])
def test_any_path_will_do(new_cluster: Callable[[str], Cluster], name: str) -> None:
    cluster = new_cluster(name)
    with cluster.used() as database:
        assert answer(database.url, "SELECT current_database()") == "clutch"
        assert cluster.status().running


def test_without_a_socket_it_asks_for_its_password(place: Path) -> None:
    cluster = Cluster(place / "tcp", on_tcp=True)
    with cluster.used() as database:
        assert "127.0.0.1" in database.url
        assert answer(database.url, "SELECT current_user") == "clutch_app"
        secret = (cluster.directory / "password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            answer(database.url.replace(secret, "guess"), "SELECT 1")
    cluster.reset()
    assert not (cluster.directory / "password").exists()


def test_reset_stops_and_deletes(cluster: Cluster) -> None:
    with cluster.used() as database:
        answer(database.owner_url, "CREATE TABLE gone ()")
    cluster.start()
    cluster.reset()
    status = cluster.status()
    assert (status.made, status.running, status.kept) == (False, False, False)
    with cluster.used() as database:
        assert answer(database.owner_url, "SELECT to_regclass('gone')") is None


def test_half_made_data_is_made_anew(place: Path) -> None:
    cluster = Cluster(place / "half")
    (cluster.directory / "data.0badc0de").mkdir(parents=True)
    with cluster.used() as database:
        assert answer(database.url, "SELECT 1") == 1
    assert not list(cluster.directory.glob("data.*"))
    cluster.reset()


def test_a_start_that_fails_says_why_and_leaves_nothing_running(cluster: Cluster) -> None:
    (cluster.directory / "data" / "postgresql.auto.conf").write_text("shared_bufers = 1\n")
    with pytest.raises(ServerFailed, match=r"shared_bufers.*server\.log"), cluster.used():
        pass
    assert not cluster.status().in_use


def test_data_of_another_version_is_left_alone(cluster: Cluster) -> None:
    version = cluster.directory / "data" / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(SetupNeeded, match="made by PostgreSQL 9"), cluster.used():
        pass
    assert version.exists()


def test_asking_for_the_status_changes_nothing(place: Path) -> None:
    cluster = Cluster(place / "absent")
    assert not cluster.status().made
    assert not cluster.directory.exists()


def test_a_named_server_is_used_as_it_is(place: Path) -> None:
    url = "postgresql+psycopg://app:secret@db.example/clutch"
    settings = Settings(database_url=url, data_directory=place / "unused")
    with running_database(settings) as database:
        assert database == Database(url=url, owner_url=url)
    assert not (place / "unused").exists()


def test_a_named_server_may_have_an_owner_of_its_own() -> None:
    settings = Settings(
        database_url="postgres://app@db.example/clutch",
        database_owner_url="postgres://owner@db.example/clutch",
    )
    with running_database(settings) as database:
        assert database.owner_url == "postgresql+psycopg://owner@db.example/clutch"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to someone else")
class TestAsRoot:
    def test_the_server_runs_as_someone_else(self, cluster: Cluster) -> None:
        with cluster.used():
            process_id = cluster.status().process_id
            assert Path(f"/proc/{process_id}").stat().st_uid != 0

    def test_the_socket_is_closed_to_others(self, cluster: Cluster) -> None:
        with cluster.used():
            assert (cluster.directory / "socket").stat().st_mode & 0o077 == 0

    def test_a_directory_that_user_cannot_reach_is_replaced_and_named(self, place: Path) -> None:
        home = place / "home"
        home.mkdir(mode=0o700)
        elsewhere = place / secrets.token_hex(4)
        cluster = Cluster(home / "checkout" / ".clutch", fallback=elsewhere)
        with cluster.used() as database:
            assert answer(database.url, "SELECT 1") == 1
        data = cluster.status().data
        assert data.is_relative_to(elsewhere)
        assert (data / "PG_VERSION").exists()
        cluster.reset()
        assert not data.parent.exists()


def test_someone_elses_database_is_refused_by_name(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(SetupNeeded, match="belongs to user"), cluster.used():
        pass


def test_a_place_where_nothing_can_be_written_is_named(place: Path) -> None:
    (place / "file").write_text("")
    cluster = Cluster(place / "file" / "clutch")
    with pytest.raises(SetupNeeded, match="CLUTCH_DATA_DIRECTORY"), cluster.used():
        pass
