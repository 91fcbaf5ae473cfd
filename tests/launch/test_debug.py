"""Jobs in the foreground."""

from study.launch import State
from study.records import Status


def test_jobs_run_one_after_the_other_and_show_what_they_print(opened, request_for, ends, said, tmp_path):
    launcher = opened("debug")
    launcher.submit(
        [request_for("a", "echo hello"), request_for("b", "echo no; exit 2", gpus=8), request_for("c", after=("b",))]
    )
    found = ends(launcher)
    assert {key: update.state for key, update in found.items()} == {
        "a": State.COMPLETED,
        "b": State.FAILED,
        "c": State.COMPLETED,
    }
    assert (found["b"].reason, found["b"].detail) == (Status.FAILED, "exit code 2: no")
    assert said[:2] == ["run a: bash -c 'echo hello'", "hello"]
