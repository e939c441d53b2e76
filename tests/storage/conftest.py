"""Private clusters to start, kill and delete; each test has its own directory."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.cluster import Cluster


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A short path that every user of the machine can enter, as pytest's own is not."""
    directory = Path(tempfile.mkdtemp(prefix="clutch-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def made(place: Path) -> Path:
    """A cluster that was used once and stopped, to copy."""
    with Cluster(place / "made").used():
        pass
    return place / "made"


@pytest.fixture
def new_cluster(made: Path, place: Path) -> Iterator[Callable[[str], Cluster]]:
    """Make a cluster in a directory of that name, without the seconds that `initdb` takes."""
    clusters: list[Cluster] = []

    def copy(name: str = "cluster") -> Cluster:
        directory = place / name
        subprocess.run(["cp", "-a", str(made), str(directory)], check=True)
        clusters.append(Cluster(directory))
        return clusters[-1]

    yield copy
    for cluster in clusters:
        cluster.reset()
        shutil.rmtree(cluster.directory)


@pytest.fixture
def cluster(new_cluster: Callable[[], Cluster]) -> Cluster:
    return new_cluster()
