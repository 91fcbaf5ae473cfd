"""A test Slurm with accounting and one without, each started once, with no jobs left between tests."""

from contextlib import contextmanager

import pytest

from tests.slurm.cluster import missing, started


@pytest.fixture(scope="session")
def accounted_cluster():
    if missing():
        pytest.skip(missing())
    with started(accounting=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def plain_cluster():
    if missing():
        pytest.skip(missing())
    with started(extra={"MaxArraySize": "4", "SlurmctldParameters": ""}) as cluster:
        yield cluster


@contextmanager
def used(cluster):
    """The cluster as the one that commands started here talk to; after, all its daemons and no jobs are there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.settings.items():
            patch.setenv(name, value)
        try:
            yield cluster
        finally:
            cluster.restore()


@pytest.fixture
def slurm(accounted_cluster):
    """A Slurm with accounting, idle."""
    with used(accounted_cluster) as cluster:
        yield cluster


@pytest.fixture
def slurm_without_accounting(plain_cluster):
    """A Slurm of which only squeue tells how jobs ended, with small arrays, and no user's signal at a preemption."""
    with used(plain_cluster) as cluster:
        yield cluster
