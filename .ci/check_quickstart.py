"""Check a finished quickstart: its report is whole, and what it shows is learning."""

import sys
from pathlib import Path

import polars as pl

DIRECTIONS = ("text_retrieval_recall_at_5", "image_retrieval_recall_at_5")
MOST_WAITING = 0.05  # a ratio of times of one process: other work on the machine lengthens both
SAME = ("arch", "strategy_label", "samples_seen", "global_batch_size")


def main(results: Path, report: Path) -> int:
    """Print each check with its figures; 1 when one does not hold."""
    runs, scores = pl.read_parquet(results / "runs.parquet"), pl.read_parquet(results / "scores.parquet")
    rows = scores.filter(pl.col("dataset") == "embedded/test").join(runs, on="run_id", validate="m:1")
    page = (report / "index.html").read_text()
    checks = [
        ("all runs completed", runs["status"].unique().to_list() == ["completed"], f"{len(runs)} runs"),
        ("at least 12 runs over four families", len(runs) >= 12 and runs["family"].n_unique() == 4, ""),
        ("the report holds its figures", page.count("<svg") >= 3, f"{page.count('<svg')} figures"),
        ("the report loads nothing", 'src="http' not in page and 'href="http' not in page, f"{len(page):,} characters"),
        waiting(runs),
        *learning(rows),
    ]
    for name, holds, figures in checks:
        print(f"{'ok  ' if holds else 'FAIL'} {name}: {figures}")
    return 0 if all(holds for _, holds, _ in checks) else 1


def waiting(runs: pl.DataFrame) -> tuple[str, bool, str]:
    """A step's share that is a wait for data: of each run the median step's, of these the median."""
    shares = (runs["data_wait_ms"] / runs["step_time_ms"]).drop_nulls()
    middle, largest = shares.median(), shares.max()
    holds = len(shares) == len(runs) and middle < MOST_WAITING
    return (f"runs wait for data less than {MOST_WAITING:.0%} of a step", holds, f"{middle:.2%}, at most {largest:.2%}")


def learning(rows: pl.DataFrame) -> list[tuple[str, bool, str]]:
    """Ten times chance; more data better; the better-scored half better than a random half."""
    rows = rows.filter(pl.col("samples_seen") >= 16_000)
    best = rows.filter(pl.col("metric") == DIRECTIONS[0]).sort("value").row(-1, named=True)
    found = [
        (
            "the best run is at 10 times chance or more",
            best["value"] >= 10 * best["chance"],
            f"{best['value']:.4f} by {best['arch']}, chance {best['chance']:.4f}",
        )
    ]
    for metric in DIRECTIONS:
        of = rows.filter(pl.col("metric") == metric)
        subsets = means(of, "quality_share", "unique_pairs").filter(pl.col("n") >= 3)
        sizes = most_sizes(subsets)
        values = sizes["mean"].to_list()
        more = len(values) >= 3 and values == sorted(values)
        found.append((f"more data is better at equal samples ({metric})", more, show(sizes)))
        unfiltered = subsets.filter(pl.col("quality_share") == 1)
        scored = subsets.filter(pl.col("quality_share") < 1)
        best_half = scored.join(unfiltered, on="unique_pairs", how="semi")
        random_half = unfiltered.join(scored, on="unique_pairs", how="semi")
        pair = pl.concat([best_half, random_half])
        better = len(pair) == 2 and best_half["mean"][0] > random_half["mean"][0]
        found.append((f"the better-scored half beats a random half ({metric})", better, show(pair)))
    return found


def means(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Mean, spread and number of seeds at the setting (of ``SAME``) that varies most in the columns ``by``."""
    varied = rows.group_by(SAME).agg(pl.struct("unique_pairs", "quality_share").n_unique().alias("settings"))
    most = varied.sort("settings").tail(1).select(SAME)
    chosen = rows.join(most, on=SAME, how="semi")
    value = pl.col("value")
    return chosen.group_by(*by).agg(value.mean().alias("mean"), value.std().alias("std"), pl.len().alias("n"))


def most_sizes(table: pl.DataFrame) -> pl.DataFrame:
    """The sizes of the quality that was tried with most of them, by rising size."""
    quality = table.group_by("quality_share").len().sort("len")["quality_share"][-1]
    return table.filter(pl.col("quality_share") == quality).sort("unique_pairs")


def show(table: pl.DataFrame) -> str:
    """One line of a small table."""
    return "; ".join(", ".join(f"{k} {v:.4g}" for k, v in row.items() if v is not None) for row in table.to_dicts())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
