"""A real browser, pages of small studies opened from disk, and what every page must not do."""

import os
import shutil

import polars as pl
import pytest
from playwright.sync_api import sync_playwright

from study import io
from study.cli import main

HACK = "<script>window.hacked=1</script>"
MISSING = (
    "no chromium here: apt-get install chromium, or name one in the environment variable CHROMIUM; "
    "all other tests: pytest --ignore tests/browser"
)


@pytest.fixture(scope="session")
def browser():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # chromium refuses to run as root with one
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=sandbox)
        yield started
        started.close()


@pytest.fixture(scope="session")
def golden(load_file):
    """The script that writes golden answers, which has the questions."""
    return load_file("scripts/golden_lookup.py")


@pytest.fixture(scope="session")
def results(golden, tmp_path_factory):
    """A made-up study whose laws are known, and the same with text out of the data that would run where not escaped."""
    results = tmp_path_factory.mktemp("results")
    golden.planted(results)
    shutil.copytree(results / "planted", results / "hostile")
    texts = [pl.lit(HACK).alias(name) for name in ("strategy_label", "other_settings", "reason", "note")]
    runs = io.read_parquet(results / "hostile" / "runs.parquet")
    failed = pl.when(pl.col("arch") == "large").then(pl.lit("failed")).otherwise("status")
    io.write_parquet(results / "hostile" / "runs.parquet", runs.with_columns(*texts, failed.alias("status")))
    facts = {"title": HACK, "description": f"</script>{HACK}<img src=x onerror=window.hacked=1>"}
    io.write_json(results / "hostile" / "plan.json", facts)
    return results


@pytest.fixture(scope="session")
def reports(results, tmp_path_factory):
    """A folder with the rendered reports of these studies and of the published one, a comparison, and their index."""
    out = tmp_path_factory.mktemp("reports")
    where = ["--results", str(results), "--out", str(out)]
    again = shutil.copytree(results / "hostile", tmp_path_factory.mktemp("elsewhere") / "again")
    assert main(["compare", "hostile", str(again), *where]) == 0
    assert main(["report", "--all", *where]) == 0
    return out


@pytest.fixture
def opened(browser, reports):
    """A function that opens the page of a folder, ``.`` for the index, cut off from any network.

    At the end nothing but pages was asked for, and nothing was said on the console.
    """
    asked, said, contexts = [], [], []

    def show(folder, question="", **options):
        context = browser.new_context(offline=True, **options)
        context.set_default_timeout(120_000)  # milliseconds: a busy machine is no failure
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((reports / folder / "index.html").as_uri() + question)
        return page

    yield show
    for context in contexts:
        context.close()
    own = {path.as_uri() for path in reports.glob("**/index.html")}
    assert {url for url in asked if not url.startswith(("blob:", "data:"))} <= own
    assert said == []
