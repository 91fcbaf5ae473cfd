"""Check a finished quickstart: its report is whole, and what it shows is learning."""

import sys
from pathlib import Path

import polars as pl

DIRECTIONS = ("text_retrieval_recall_at_5", "image_retrieval_recall_at_5")
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
        *learning(rows),
    ]
    for name, holds, figures in checks:
        print(f"{'ok  ' if holds else 'FAIL'} {name}: {figures}")
    return 0 if all(holds for _, holds, _ in checks) else 1


def learning(rows: pl.DataFrame) -> list[tuple[str, bool, str]]:
    """Ten times chance; four times the data better; the better-scored half better than a random half."""
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
        sizes = means(of.filter(pl.col("quality_share") == 1), "unique_pairs").sort("unique_pairs")
        least, most = sizes.row(0, named=True), sizes.row(-1, named=True)
        more = len(sizes) >= 3 and most["mean"] > least["mean"] and min(most["n"], least["n"]) >= 3
        found.append((f"four times the data is better ({metric})", more, show(sizes)))
        halves = means(of, "quality_share", "unique_pairs")
        best_half = halves.filter(pl.col("quality_share") < 1)
        random_half = halves.filter(pl.col("quality_share") == 1).join(
            best_half.select("unique_pairs"), on="unique_pairs"
        )
        pair = pl.concat([best_half, random_half.select(best_half.columns)])
        better = len(pair) == 2 and best_half["mean"][0] > random_half["mean"][0] and pair["n"].min() >= 3
        found.append((f"the better-scored half beats a random half ({metric})", better, show(pair)))
    return found


def means(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Mean, spread and number of seeds at the setting (of ``SAME``) that varies most in the columns ``by``."""
    varied = rows.group_by(SAME).agg(pl.struct("unique_pairs", "quality_share").n_unique().alias("settings"))
    most = varied.sort("settings").tail(1).select(SAME)
    chosen = rows.join(most, on=SAME, how="semi")
    value = pl.col("value")
    return chosen.group_by(*by).agg(value.mean().alias("mean"), value.std().alias("std"), pl.len().alias("n"))


def show(table: pl.DataFrame) -> str:
    """One line of a small table."""
    return "; ".join(", ".join(f"{k} {v:.4g}" for k, v in row.items() if v is not None) for row in table.to_dicts())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
