"""Pairs that cannot be read while a run trains on them: in its outcome, over attempts and processes."""

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from study import io
from study.data.place import remember, without_places
from study.data.shards.webdataset import WebDataset
from study.data.skipped import words
from study.data.tables.table import Table
from study.errors import DataError, UnansweredError
from study.probe.random_pairs import RandomPairs
from study.records import DataRef, Outcome, PluginRef, Status, run_id
from study.train.device import Place, place
from study.train.run import Switches, train_run
from study.train.skipped import Tally
from study.train.state import restore, state_of
from study.train.steps import read_steps
from tests.data import shards, store
from tests.ports import free_ports
from tests.train.streamed import opened, steps

PAIRS, SHARDS, BATCH = 48, 3, 16
ENVIRONMENT = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "TORCHELASTIC_ERROR_FILE": "/dev/null"}


@pytest.fixture
def spec(tmp_path, embedded, make_spec):
    """A function that writes a run on pairs of which ``bad`` are spoilt; returns the path of its spec."""

    def write(bad, source=WebDataset, samples_seen=6 * BATCH, address=None, **options):
        rows = list(shards.pairs(embedded, PAIRS))
        for row in rows[:bad]:
            row["image"] = f"no image {row['key']}".encode()
        for number in range(SHARDS):
            shards.write_tar(tmp_path / f"pool/{number}.tar", shards.members(rows[number::SHARDS]))
        table = tmp_path / "pairs.jsonl"
        table.write_text("".join(f'{{"image": "{row["key"]}", "caption": "{row["key"]} of it"}}\n' for row in rows))
        for row in rows:
            (tmp_path / row["key"]).write_bytes(row["image"])
        place = {"shards": address or str(tmp_path / "pool")} if source is WebDataset else {"path": str(table)}
        name = "webdataset" if source is WebDataset else "table"
        return spec_of(PluginRef(name=name, options={**place, **options}), source, samples_seen)

    def spec_of(ref, source, samples_seen):
        results = tmp_path / "results"
        found = source(source.Config(**ref.options), results).fingerprint()
        remember(results, "made", {found: ref})
        data = DataRef(source=without_places(ref), unique_pairs=PAIRS, fingerprint=found)
        made = make_spec(samples_seen=samples_seen, global_batch_size=BATCH).model_copy(update={"data": data})
        path = results / "runs" / run_id(made) / "spec.json"
        io.write_json(path, made.model_dump(mode="json", exclude_defaults=True))
        return path

    return write


@pytest.fixture
def streamed(monkeypatch):
    monkeypatch.setattr("study.data.streaming.CACHE_BYTES", 0)


def train(path, **switches):
    lines = []
    return train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), lines.append, **switches)).outcome


def test_samples_in_whose_place_another_was_trained_on_are_counted(spec, streamed):
    outcome = train(spec(bad=2))
    assert (outcome.status, outcome.samples_skipped) == (Status.COMPLETED, {"unreadable image": 4})  # two passes
    assert outcome.skipped_unit == "samples"


def test_pairs_left_out_before_training_are_counted(spec, streamed):
    outcome = train(spec(bad=2, source=Table))
    assert (outcome.status, outcome.samples_skipped) == (Status.COMPLETED, {"unreadable image": 2})
    assert outcome.skipped_unit == "pairs"


@pytest.mark.parametrize("source", [WebDataset, Table])
def test_too_many_are_bad_data_unless_more_are_allowed(spec, streamed, source):
    path = spec(bad=12, source=source)
    outcome = train(path)
    assert outcome.status is Status.BAD_DATA
    assert "pairs could not be read" in outcome.reason
    assert "unreadable image), more than the 10 % of max_skipped" in outcome.reason
    assert f"({words(outcome.samples_skipped)})" in outcome.reason
    (path.parent / "outcome.json").unlink()
    assert spec(bad=12, source=source, max_skipped=0.5) == path  # the same run
    assert train(path).status is Status.COMPLETED


def test_counts_go_on_after_a_stop(spec, streamed):
    path = spec(bad=2)
    straight = train(path)
    for name in ("outcome.json", "outcome.copy.json"):
        (path.parent / name).unlink(missing_ok=True)
    with place("cpu", 1) as here:
        session = opened(path, path.parents[2], here)
        steps(session, 4)
        state = state_of(session)
        resumed = opened(path, path.parents[2], here)
        restore(resumed, state)
        assert resumed.feed.skipped.reasons == session.feed.skipped.reasons
        steps(resumed, 2)
        assert resumed.feed.skipped.reasons == straight.samples_skipped


class Unsteady(RandomPairs):
    """Pairs that are not all its own."""

    def __init__(self):
        self.pairs = 100

    @property
    def skipped(self):
        return {"unreadable image": 3}


def test_a_share_counts_from_a_number_of_samples_on():
    tally, alone = Tally(Unsteady(), {"no image": 2}, max_skipped=0.05), Place(None, "test")
    tally.before = {"unreadable image": 1, "lost": 1}
    assert tally.streamed == {"unreadable image": 4, "lost": 1}
    assert tally.reasons == {"lost": 1, "no image": 2, "unreadable image": 4}
    tally.agree(alone, 60, 1000)
    tally.agree(alone, 100, 1000)
    tally.before = {"lost": 3}
    tally.agree(alone, 60, 1000)
    message = r"6 of 100 pairs could not be read \(3 lost, 3 unreadable image\), more than the 5 % of max_skipped"
    with pytest.raises(DataError, match=message):
        tally.agree(alone, 100, 1000)
    with pytest.raises(DataError, match="6 of 60 pairs"):
        tally.agree(alone, 60, 60)


def processes(path, *arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    given = ["tests.train.stuck", "train", str(path), "--results", str(path.parents[2]), "--threads", "1", *arguments]
    done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=600, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr[-3000:]
    return Outcome.model_validate(io.read_json(path.parent / "outcome.json"))


@pytest.mark.parametrize("more", [(), ("--shard",)])
def test_all_processes_count_together_and_end_together(spec, streamed, more):
    path = spec(bad=2)
    outcome = processes(path, *more)
    assert (outcome.status, outcome.samples_skipped) == (Status.COMPLETED, {"unreadable image": 4})
    path = spec(bad=12)
    outcome = processes(path, *more)
    assert outcome.status is Status.BAD_DATA
    assert "24 of 96 pairs could not be read (24 unreadable image)" in outcome.reason


def test_data_that_a_process_cannot_get_ends_all_with_an_outcome(spec, streamed, tmp_path):
    path = spec(bad=0)
    index = next((tmp_path / "results" / "index").rglob("000001.parquet"))
    index.write_bytes(b"spoilt")
    outcome = processes(path)
    assert outcome.status is Status.BAD_DATA


def ranks(*paths, **more):
    """The processes of a run, which nobody watches, each with the path that it is given."""
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_ports(1)[0])}
    command = [sys.executable, "-m", "tests.train.stuck", "train", "--threads", "1"]
    return [
        subprocess.Popen(
            [*command, str(path), "--results", str(path.parents[2])],
            env={**ENVIRONMENT, **where, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", **more},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, path in enumerate(paths)
    ]


class Silent:
    """A store that says nothing of the content of shards until it is ``back``."""

    def __init__(self):
        self.asked, self.back = threading.Event(), threading.Event()

    def __call__(self, number, request):
        if request.startswith("GET") and request.endswith(".tar"):
            self.asked.set()
            self.back.wait()
        return 0


def test_all_processes_end_when_they_are_told_to_and_one_waits_for_its_data(spec, tmp_path):
    with store.serving(tmp_path / "pool") as server:
        path = spec(bad=0, address=f"{server.address}/{{0..2}}.tar", samples_seen=2000 * BATCH)
        server.behave = silent = Silent()
        both = ranks(path, path)
        assert silent.asked.wait(120)
        for process in both:
            process.send_signal(signal.SIGTERM)
        said = [process.communicate(timeout=300)[1] for process in both]
        silent.back.set()
    assert [process.returncode for process in both] == [75, 75], said
    for told in said:
        assert "stopped by SIGTERM; it waited for data, the last checkpoint stays, the same command goes on" in told
    assert not {"outcome.json", "failure.json"} & {file.name for file in path.parent.iterdir()}


def test_a_store_that_is_silent_leaves_no_outcome_in_all_processes(spec, tmp_path):
    with store.serving(tmp_path / "pool") as server:
        path = spec(bad=0, address=f"{server.address}/{{0..2}}.tar")
        server.behave = silent = Silent()
        both = ranks(path, path, PATIENCE="2")
        said = [process.communicate(timeout=300)[1] for process in both]
        silent.back.set()
        assert [process.returncode for process in both] == [2, 2], said
        assert all("no answer for 2 seconds from where the shards lie" in told for told in said)
        assert not (path.parent / "outcome.json").exists()
        assert io.read_json(path.parent / "failure.json")["status"] == Status.FAILED
        assert train(path).status is Status.COMPLETED


def test_a_store_that_fails_when_a_run_opens_leaves_no_outcome(spec, streamed, tmp_path):
    with store.serving(tmp_path / "pool") as server:
        path = spec(bad=0, address=f"{server.address}/{{0..2}}.tar")
        server.behave = lambda number, request: 503
        with pytest.raises(UnansweredError, match="503"):
            train(path)
        assert not (path.parent / "outcome.json").exists()
        server.behave = lambda number, request: 0
        assert train(path).status is Status.COMPLETED


def test_processes_that_could_not_read_the_same_images_end_and_may_begin_anew(spec, tmp_path):
    path = spec(bad=0, source=Table)
    with place("cpu", 1) as here:
        opened(path, path.parents[2], here)  # which decodes the images
    other = tmp_path / "other" / path.relative_to(tmp_path)
    shutil.copytree(tmp_path / "results", other.parents[2])
    [reasons] = (other.parents[2] / "cache" / "pixels").glob("*.json")
    reasons.write_text('{"7": "unreadable image"}')
    both = ranks(path, other)
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [2, 2], said
    assert all("the processes of the run could not read the same images; look" in told for told in said)
    assert not (path.parent / "outcome.json").exists()


def test_what_one_process_meets_when_it_opens_its_data_ends_all(spec, streamed, tmp_path):
    path = spec(bad=0)
    other = tmp_path / "other" / path.relative_to(tmp_path)
    shutil.copytree(tmp_path / "results", other.parents[2])
    gone = PluginRef(name="webdataset", options={"shards": str(tmp_path / "gone")})
    remember(other.parents[2], "made", {io.read_json(path)["data"]["fingerprint"]: gone})
    both = ranks(path, other)
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    outcome = Outcome.model_validate(io.read_json(path.parent / "outcome.json"))
    assert outcome.status is Status.BAD_DATA
    assert outcome.reason == f"no .tar file at {tmp_path / 'gone'}"


def test_a_run_that_waits_for_a_dead_store_saves_and_ends_when_it_is_told_to(spec, tmp_path):
    with store.serving(tmp_path / "pool") as server:
        path = spec(bad=0, address=f"{server.address}/{{0..2}}.tar", samples_seen=2000 * BATCH)
        server.behave = silent = Silent()
        command = [sys.executable, "-m", "tests.train.stuck", "train", str(path), "--results", str(path.parents[2])]
        with subprocess.Popen([*command, "--threads", "1"], stderr=subprocess.PIPE, text=True) as process:
            assert silent.asked.wait(120)
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=120)
        silent.back.set()
    assert process.returncode == 75
    assert "stopped by SIGTERM; saved, the same command goes on from here" in told
    assert not read_steps(path.parent)
    assert not (path.parent / "outcome.json").exists()
