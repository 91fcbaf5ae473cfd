import pytest

from study.cli import COMMANDS, main


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_examples(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"study {name}" in capsys.readouterr().out.split("examples:")[1]


def test_an_unknown_command_gives_the_nearest_and_exit_code_2(capsys):
    assert main(["pln"]) == 2
    assert "unknown command 'pln'; did you mean plan?" in capsys.readouterr().err


def test_a_wrong_option_is_told_without_a_traceback(capsys):
    assert main(["train", "r0", "--thread", "x"]) == 2
    assert "invalid int value: 'x'" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["train", "r123", "--results", str(tmp_path)]) == 2
    assert "no run r123: neither r123 nor" in capsys.readouterr().err
