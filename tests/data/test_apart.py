"""Work in processes of its own: results and errors come back, and the end of a process is an error and no end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from study.data.apart import apart
from study.data.apart.child import EndedError
from study.data.parallel import Workers, each, silent
from study.errors import DataError


def counted(count):
    for number in range(count):
        yield number, os.getpid()


def where(_):
    return [os.getcwd()]


def wrong(place):
    raise DataError(f"{place} is wrong")


def ends(_):
    os.abort()


def greedy(_):
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [len(bytes(machine * 3 // 4))]  # which the system would promise, as long as it is not used


def nested(count):
    return apart(counted, count)


def square(number):
    if number == 3:
        os.abort()
    return number * number


def ends_once(path):
    if not path.exists():
        path.touch()
        os.abort()
    return path.name


def own_process(_):
    return os.getpid()


def test_results_come_from_one_other_process():
    first, second = apart(counted, 3), apart(counted, 2)
    assert [number for number, _ in first] == [0, 1, 2]
    [process] = {process for _, process in first + second}
    assert process != os.getpid()


def test_relative_paths_start_where_this_process_is(tmp_path, monkeypatch):
    apart(where, None)
    monkeypatch.chdir(tmp_path)
    assert apart(where, None) == [os.getcwd()]


def test_there_is_no_process_of_a_process():
    assert {process for _, process in apart(nested, 3)} == {process for _, process in apart(counted, 1)}


def test_errors_are_raised_here_and_leave_the_process_as_it_is():
    before = apart(counted, 1)
    with pytest.raises(DataError, match="the place is wrong"):
        apart(wrong, "the place")
    assert apart(counted, 1) == before


@pytest.mark.parametrize(("work", "words"), [(ends, "ends the process .*SIGABRT"), (greedy, "more memory")])
def test_what_ends_a_process_is_an_error_and_others_go_on(work, words):
    with pytest.raises(EndedError, match=words):
        apart(work, None)
    assert [number for number, _ in apart(counted, 2)] == [0, 1]


def test_a_script_needs_no_guard(tmp_path):
    pl.DataFrame({"image": ["a.png"], "caption": ["a"]}).write_parquet(tmp_path / "pairs.parquet")
    script = tmp_path / "script.py"
    script.write_text(
        "from study.data.tables.table import Table\n"
        f"print(Table(Table.Config(path={str(tmp_path / 'pairs.parquet')!r})).pool().height)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert (done.stdout, done.stderr) == ("1\n", "")


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.mark.parametrize("processes", [2, 3])
def test_an_item_that_ends_processes_is_lost_alone(processes):
    found = each(square, range(8), processes, "numbers", silent, lambda number, error: f"{number}: {error}"[:12])
    assert found == [0, 1, 4, "3: it ends t", 16, 25, 36, 49]


def test_without_anything_in_its_stead_it_is_an_error():
    with pytest.raises(DataError, match=r"numbers: .*SIGABRT.* run it again"):
        each(square, range(8), 2, "numbers", silent)


def test_a_process_that_somebody_ended_is_no_fault_of_its_item(tmp_path):
    assert each(ends_once, [tmp_path / "a", tmp_path / "b"], 2, "files", silent) == ["a", "b"]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_processes_leave_their_work_when_who_asked_is_killed(tmp_path):
    program = (
        "import time; from study.data.parallel import each; "
        "each(time.sleep, [600] * 4, 2, 'naps', print) if __name__ == '__main__' else None"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    told = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    wait_for(lambda: len(told.read_text().split()) == 2)
    children = told.read_text().split()
    time.sleep(1)  # they are asleep by now, or about to be told to sleep: either way they are to end
    parent.kill()
    parent.wait()
    wait_for(lambda: not any(map(alive, children)))


def wait_for(what, seconds=120):
    last = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_processes_stay_for_several_kinds_of_work():
    with Workers(2) as workers:
        found = [{*workers.each(own_process, range(9), "numbers", silent)} for _ in range(2)]
    assert len(found[0] | found[1]) == 2
    assert os.getpid() not in found[0]
