import hashlib

import pytest
import torch

from study import checkpoint
from study.errors import StorageError
from study.saved import checkpoint_after, checkpoints, checksum, folder, is_trained, outcome_copy, samples_saved

CPU = torch.device("cpu")


def test_the_last_two_are_kept_and_the_newest_is_loaded(tmp_path):
    for seen in (128, 256, 384):
        checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    assert sorted(p.name for p in folder(tmp_path).glob("*.pt")) == [
        "samples-000000000000256.pt",
        "samples-000000000000384.pt",
    ]
    assert checkpoint.load_latest(tmp_path, CPU, print) == {"samples_seen": 384}


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path):
    for seen in (128, 256):
        newest = checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    newest.write_bytes(newest.read_bytes()[:-7])
    assert checkpoint.load_latest(tmp_path, CPU, print) == {"samples_seen": 128}


def test_a_checkpoint_without_its_checksum_is_not_used(tmp_path):
    checkpoint.save(tmp_path, 128, {"samples_seen": 128}).with_suffix(".sha256").unlink()
    assert checkpoint.load_latest(tmp_path, CPU, print) is None


def unreadable(path):
    """Whole, but not of this torch."""
    path.write_bytes(b"of another torch")
    checksum(path).write_text(hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_checkpoint_that_torch_cannot_read_falls_back_to_the_one_before(tmp_path):
    told = []
    for seen in (128, 256):
        newest = checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    unreadable(newest)
    assert checkpoint.load_latest(tmp_path, CPU, told.append) == {"samples_seen": 128}
    assert told == [f"{newest} cannot be read by this torch (UnpicklingError), and is passed over"]


def test_whole_checkpoints_of_another_torch_are_not_thrown_away(tmp_path):
    unreadable(checkpoint.save(tmp_path, 128, {"samples_seen": 128}))
    with pytest.raises(StorageError, match="the version that wrote them, or remove the folder"):
        checkpoint.load_latest(tmp_path, CPU, print)


def test_damaged_checkpoints_begin_anew_and_say_so(tmp_path):
    told = []
    path = checkpoint.save(tmp_path, 128, {"samples_seen": 128})
    path.write_bytes(b"")
    assert checkpoint.load_latest(tmp_path, CPU, told.append) is None
    assert told == [
        f"{path} is damaged or unfinished, and passed over",
        "no checkpoint can be used; the run begins anew",
    ]


def test_what_was_passed_over_is_not_kept_in_the_place_of_a_good_one(tmp_path):
    for seen in (128, 256):
        newest = checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    newest.write_bytes(b"")
    for seen in (160, 192):
        checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    assert checkpoints(tmp_path) == [checkpoint_after(tmp_path, seen) for seen in (160, 192)]


def test_the_final_weights_replace_the_checkpoints(tmp_path):
    checkpoint.save(tmp_path, 128, {"samples_seen": 128})
    checkpoint.save_final(tmp_path, {"model": {"w": torch.ones(2)}})
    assert sorted(p.name for p in folder(tmp_path).iterdir()) == ["final.pt", "final.sha256"]
    torch.testing.assert_close(checkpoint.load_final(tmp_path, CPU)["model"]["w"], torch.ones(2))


def test_missing_final_weights_are_told(tmp_path):
    with pytest.raises(StorageError, match=r"final.pt is missing or damaged; remove .*outcome.json"):
        checkpoint.load_final(tmp_path, CPU)


def test_fingerprints_tell_weights_apart_and_not_their_order():
    a, b = torch.ones(2), torch.zeros(3)
    assert checkpoint.fingerprint({"a": a, "b": b}) == checkpoint.fingerprint({"b": b, "a": a})
    assert checkpoint.fingerprint({"a": a, "b": b}) != checkpoint.fingerprint({"a": a, "b": b + 1e-7})


def test_how_far_a_run_can_be_taken_up_is_in_the_names(tmp_path):
    assert (samples_saved(tmp_path), is_trained(tmp_path)) == (0, False)
    for seen in (128, 256):
        newest = checkpoint.save(tmp_path, seen, {"samples_seen": seen})
    assert samples_saved(tmp_path) == 256
    newest.with_suffix(".sha256").unlink()
    assert samples_saved(tmp_path) == 128
    checkpoint.save_final(tmp_path, {"model": {}})
    assert (samples_saved(tmp_path), is_trained(tmp_path)) == (0, False)
    outcome_copy(tmp_path).write_text("{}")
    assert is_trained(tmp_path)
