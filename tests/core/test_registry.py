import pytest

from study.errors import UnknownNameError
from study.registry import Registry

JSON = Registry("codec", {"json": "json:loads", "jsonl": "json:dumps"})


def test_a_name_gives_its_attribute():
    import json

    assert JSON.load("json") is json.loads
    assert JSON.names() == ["json", "jsonl"]
    assert "json" in JSON
    assert "yaml" not in JSON


def test_an_unknown_name_gives_the_nearest_and_all():
    with pytest.raises(UnknownNameError) as caught:
        JSON.load("jsn")
    assert str(caught.value) == "unknown codec 'jsn'; did you mean json or jsonl? known: json, jsonl"
    with pytest.raises(UnknownNameError) as caught:
        JSON.load("pickle")
    assert str(caught.value) == "unknown codec 'pickle'; known: json, jsonl"
