"""The index over all reports in a browser: its links lead to the pages, whatever these are called."""

import pytest

pytestmark = pytest.mark.browser


def test_every_link_of_the_index_leads_to_its_report(opened):
    page = opened(".")
    links = page.locator("h2 a")
    titles = links.all_inner_texts()
    assert len(titles) == 4
    for place, title in enumerate(titles):
        links.nth(place).click()
        page.wait_for_selector("ol.cards", state="detached")
        assert title in page.locator("h1").inner_text()
        assert page.evaluate("window.hacked") is None
        page.go_back()
        page.wait_for_selector("ol.cards")
    assert page.evaluate("window.hacked") is None
