"""A report in a browser: it sorts, filters, tells points, saves files, fits a phone, and runs no data."""

import re

import pytest

pytestmark = pytest.mark.browser
COMPARED = "compare/hostile-vs-again"
PAGES = (".", "planted", "hostile", "published", COMPARED)


def open_all(page):
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")


def colour(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_switches_the_theme(opened, scheme):
    page = opened("planted", color_scheme=scheme)
    first = colour(page)
    page.locator("button.theme").click()
    second = colour(page)
    page.locator("button.theme").click()
    assert colour(page) == first != second
    other = opened("planted", color_scheme="dark" if scheme == "light" else "light")
    assert colour(other) == second


@pytest.mark.parametrize("folder", PAGES)
def test_a_page_is_no_wider_than_a_phone(opened, folder):
    page = opened(folder, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    open_all(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_text_out_of_the_data_is_never_run(opened):
    page = opened("hostile")
    open_all(page)
    page.locator("#planner-budget").fill("5")
    assert "window.hacked=1" in page.locator("h1").inner_text()
    assert "window.hacked=1" in page.locator("#planner").inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('img').length") == 0


def test_a_comparison_runs_no_data_either(opened):
    page = opened(COMPARED)
    open_all(page)
    assert "window.hacked=1" in page.locator("main").inner_text()
    assert page.evaluate("window.hacked") is None


def column(table, head):
    """The texts of a column, whatever arrow its head has."""
    heads = [one.strip(" ↑↓") for one in table.locator("th").all_inner_texts()]
    return [row.locator("td").nth(heads.index(head)).inner_text() for row in table.locator("tbody tr").all()]


def number(text):
    return float(text.removesuffix(" %"))


@pytest.mark.parametrize(
    ("section", "head", "key", "some_missing"),
    [("settings", "score", number, False), ("runs", "memory, GiB", number, True), ("runs", "architecture", str, False)],
)
def test_a_click_sorts_numbers_and_words_and_leaves_what_is_missing_last(opened, section, head, key, some_missing):
    page = opened("planted")
    open_all(page)
    table = page.locator(f"#{section} .listing").first
    before = column(table, head)
    known = sorted((one for one in before if one != "–"), key=key)
    missing = ["–"] * (len(before) - len(known))
    button = table.get_by_role("columnheader", name=head).get_by_role("button")
    button.click()
    assert column(table, head) == known + missing
    button.click()
    assert column(table, head) == known[::-1] + missing
    assert len(set(known)) > 1
    assert bool(missing) == some_missing


def test_a_table_shows_the_rows_that_contain_all_words(opened):
    page = opened("planted")
    open_all(page)
    table = page.locator(".listing").filter(has=page.get_by_role("searchbox")).last
    before = table.locator("tbody tr").count()
    table.get_by_role("searchbox").fill("LARGE clean")
    shown = table.locator("tbody tr").all_inner_texts()
    assert 0 < len(shown) < before
    assert all("large" in row and "clean" in row for row in shown)
    table.get_by_role("searchbox").fill("")
    assert table.locator("tbody tr").count() == before


def test_a_long_table_is_sorted_and_found_in_as_a_whole(opened):
    page = opened("published")
    open_all(page)
    table = page.locator("#runs .listing")
    page.wait_for_function("document.querySelectorAll('.first-only').length === 0")
    total = re.match(r"([\d,]+) rows", table.locator("output").inner_text()).group(1)
    assert table.locator("tbody tr").count() == 100 < int(total.replace(",", ""))
    table.get_by_role("searchbox").fill("vit-g-14")
    assert all("vit-g-14" in row.lower() for row in table.locator("tbody tr").all_inner_texts())
    assert f"of {total} rows" in table.locator("output").inner_text()


@pytest.mark.parametrize("ending", ["svg", "csv", "tex"])
def test_a_download_is_the_file_beside_the_page_even_where_that_is_gone(opened, reports, tmp_path, ending):
    page = opened("planted")
    open_all(page)
    link = page.locator(f"a[download][href$='.{ending}']").first
    with page.expect_download() as caught:
        link.click()
    saved = tmp_path / "saved"
    caught.value.save_as(saved)
    beside = reports / "planted" / link.get_attribute("href")
    assert caught.value.suggested_filename == beside.name
    assert saved.read_bytes() == beside.read_bytes()


def test_points_of_a_figure_are_told_under_the_pointer_and_by_keys(opened):
    page = opened("planted")
    figure = page.locator(".figure:has(script[data-spots])").first
    drawing, tip = figure.locator(".drawing.wide"), figure.locator(".tip")
    drawing.scroll_into_view_if_needed()
    assert tip.is_hidden()
    drawing.focus()
    page.keyboard.press("ArrowRight")
    tip.wait_for(state="visible")
    first = tip.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([tip, first]) => tip.innerText !== first", arg=[tip.element_handle(), first])
    ring = drawing.locator("circle.ring").bounding_box()
    by_key = tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    tip.wait_for(state="visible")
    assert tip.inner_text() == by_key
