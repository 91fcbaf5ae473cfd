"""What the page says of data that could not be read."""

from study import io
from study.collect import collect
from study.records import Status
from study.report.provenance import provenance
from study.report.render import render
from study.report.skipped import skipped
from study.report.study import read_study
from study.report.tables import failures, runs
from tests.tables.test_collect import COST
from tests.tables.test_report_page import Page

TITLE = "Data that could not be read"
NASTY = '</script><b>"x" & y'


def ended(results, specs, plan_of, end, *outcomes):
    """The study of a run for each of these: its status, unit, and counts by reason."""
    folders = plan_of([specs(seed=seed) for seed in range(len(outcomes))])
    for folder, (status, unit, reasons) in zip(folders, outcomes, strict=True):
        end(folder, status, cost=COST, scores={}, samples_skipped=reasons, skipped_unit=unit)
    plan = io.read_parquet(results / "little" / "plan.parquet").with_columns(unique_pairs=1000)
    io.write_parquet(results / "little" / "plan.parquet", plan)
    collect(results, "little")
    return read_study(results, "little")


def test_reasons_are_counted_over_runs_samples_and_pairs_apart(results, specs, plan_of, end, tmp_path):
    study = ended(
        results, specs, plan_of, end,
        ("completed", "samples", {"unreadable image": 40, "lost": 1}),
        ("completed", "samples", {"unreadable image": 42}),
        ("bad_data", "samples", {"unreadable image": 500}),
        ("completed", "pairs", {"unreadable image": 2}),
        ("completed", "pairs", {"unreadable image": 4}),
        ("completed", "pairs", {}),
    )  # fmt: skip
    found = skipped(study)
    assert list(found.heads) == [
        "reason", "runs", "runs ended", "samples", "of samples seen", "pairs a run, at most", "of pairs",
    ]  # fmt: skip
    assert list(zip(*found.texts, strict=True)) == [
        ("unreadable image", "2", "completed", "82", "1.0 %", "–", "–"),
        ("unreadable image", "2", "completed", "–", "–", "4", "0.3 %"),
        ("unreadable image", "1", "bad data", "500", "–", "–", "–"),
        ("lost", "1", "completed", "1", "0.02 %", "–", "–"),
    ]
    assert found.note.startswith("Met by 5 of 6 runs. Samples: ")
    assert found.data["samples"].to_list() == [82, None, 500, 1]
    assert dict(zip(runs(study).heads, runs(study).texts, strict=True))["could not be read"][:3] == ["41", "42", "500"]
    page = Page(render(results, "little", tmp_path))
    assert page.contents[page.contents.index("skipped") - 1 :][:2] == ["failures", "skipped"]
    assert TITLE in page.text
    assert (tmp_path / "little" / "tables" / "skipped.csv").read_text().startswith("reason,runs,ended,samples,")


def test_where_all_was_read_nothing_is_said_of_it(results, specs, plan_of, end, tmp_path):
    study = ended(results, specs, plan_of, end, ("completed", "pairs", {}), ("failed", "pairs", None))
    page = Page(render(results, "little", tmp_path))
    assert {"skipped"} & {*page.ids, *page.contents} == set()
    assert TITLE not in page.text
    assert "could not be read" not in page.text
    assert "samples_skipped" not in runs(study).data.columns


def test_a_table_from_before_reasons_were_kept_has_its_sum(results, write_study):
    folder = write_study([{"samples_skipped": 3}, {"samples_skipped": 0}, {"samples_skipped": None}])
    older = io.read_parquet(folder / "runs.parquet").drop("skipped_reasons", "skipped_unit")
    io.write_parquet(folder / "runs.parquet", older)
    found = skipped(read_study(results, "little")).data.row(0, named=True)
    assert (found["reason"], found["runs"], found["pairs"]) == ("not known: collected before reasons were kept", 1, 3)


def test_a_reason_is_shown_and_never_run(results, specs, plan_of, end, tmp_path):
    ended(results, specs, plan_of, end, ("completed", "samples", {NASTY: 1}))
    path = render(results, "little", tmp_path)
    assert NASTY in Page(path).text
    assert NASTY not in path.read_text()


def test_a_run_that_ended_as_bad_data_has_its_whole_reason(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    reason = "24 of 96 pairs could not be read (12 lost, 12 unreadable image), more than the 10 % of max_skipped; mend"
    end(folder, Status.BAD_DATA, reason=reason, samples_skipped={"lost": 12, "unreadable image": 12})
    collect(results, "little")
    assert failures(read_study(results, "little")).data["why"].to_list() == [reason]


def test_little_is_more_than_nothing(results, write_study):
    few = {"skipped_reasons": '{"lost": 1}', "skipped_unit": "samples", "samples_skipped": 1}
    for samples, told in ((1_000, "0.1 %"), (30_000, "0.003 %"), (10**9, "< 0.001 %")):
        write_study([{**few, "samples_seen": samples}])
        assert skipped(read_study(results, "little")).texts[4] == [told]


def test_provenance_tells_what_pools_left_out(results, write_study):
    pools = [
        {"source": "webdataset", "pairs": 980, "left_out": {"no caption": 12, "empty file": 8}},
        {"source": "embedded", "pairs": 7374, "left_out": {}},
    ]
    write_study([{}], pools=pools)
    told = dict(provenance(read_study(results, "little")))
    left_out = "left out: 12 no caption, 8 empty file"
    assert told["Pools"] == f"webdataset, 980 pairs ({left_out}); embedded, 7,374 pairs"
