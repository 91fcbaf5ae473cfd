"""Flags, resources by name, and what a failed command said."""

from dataclasses import fields
from pathlib import Path

import pytest
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from snakemake_executor_plugin_submitit import ExecutorSettings
from snakemake_executor_plugin_submitit.cause import LINES, cause
from snakemake_executor_plugin_submitit.resources import check_names
from study.cli import main
from study.errors import SubmitError, UnknownNameError
from study.launch.profile import profile
from study.launch.settings import Settings

ROOT = Path(__file__).parents[2]


def test_snakemake_finds_the_plugin_with_all_settings_of_the_launcher():
    plugin = ExecutorPluginRegistry().get_plugin("submitit")
    flags = [told["cliarg"] for told in plugin.get_settings_info()]
    assert flags == [f"--submitit-{name.replace('_', '-')}" for name in Settings.model_fields]
    assert ExecutorSettings().checked() == Settings()


def test_the_readme_has_every_flag_as_it_is():
    text = (ROOT / "snakemake_executor_plugin_submitit/README.md").read_text()
    for one in fields(ExecutorSettings):
        default = "" if one.default is None else f" `{one.default}`"
        assert f"| `--submitit-{one.name.replace('_', '-')}` | {one.metadata['help']} |{default} |" in text


def test_settings_become_options_and_resources():
    told = Settings.of({"partition": "gpu", "leave_running": True, "local_gpus": "0,3", "qos": None})
    assert told.resources == {"slurm_partition": "gpu"}
    assert (told.options.survive, told.options.gpus, told.options.in_flight) == (True, ("0", "3"), None)


def test_bad_settings_are_told():
    with pytest.raises(UnknownNameError, match="did you mean partition"):
        Settings.of({"partiton": "gpu"})
    with pytest.raises(SubmitError, match=r"setting in_flight: .* got 0"):
        ExecutorSettings(in_flight=0).checked()


def test_flags_of_submit_are_settings(capsys):
    assert main(["submit", "absent.yaml", "--longest-minutes", "a day"]) == 2
    assert "setting longest_minutes: Input should be a valid integer" in capsys.readouterr().err


def test_an_option_of_sbatch_without_an_equals_sign_is_told_how(capsys):
    assert main(["submit", "absent.yaml", "--extra", "--reservation=mine"]) == 2
    assert "stands after an equals sign" in capsys.readouterr().err


def test_submit_reads_the_settings_of_a_profile(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("executor: submitit\nsubmitit-launcher: local\nsubmitit-acount: mine\n")
    assert main(["submit", "absent.yaml", "--profile", str(tmp_path)]) == 2
    assert "unknown setting 'submitit-acount'; did you mean submitit-account" in capsys.readouterr().err
    assert main(["submit", "absent.yaml", "--profile", str(tmp_path / "absent.yaml")]) == 2
    assert "absent.yaml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "defaults", ["[slurm_partition=fast, runtime=5, qos='long']", "{slurm_partition: fast, qos: long}"]
)
def test_default_resources_of_a_profile_hold_for_submit_too(tmp_path, defaults):
    (tmp_path / "config.yaml").write_text(f"submitit-partition: slow\ndefault-resources: {defaults}\n")
    assert Settings.of(profile(tmp_path)).resources == {"slurm_partition": "fast", "qos": "long"}


BAD = {
    "a: [b": "cannot be read: while parsing a flow sequence",
    "- a": "a profile has lines like 'submitit-partition: gpu', this is a list",
    "submitit-in-flight: many": "setting in_flight: Input should be a valid integer",
    "submitit-longest-minutes: 0": "setting longest_minutes: Input should be greater than or equal to 1, got 0",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_profile_is_told_with_its_path(tmp_path, capsys, text):
    (tmp_path / "config.yaml").write_text(text)
    assert main(["submit", "absent.yaml", "--profile", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path}/config.yaml" in said
    assert BAD[text] in said


def test_the_shipped_profile_holds_for_both(tmp_path):
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.removeprefix("# ").startswith("submitit-")]
    (tmp_path / "config.yaml").write_text("\n".join(lines))
    told = Settings.of(profile(tmp_path))
    assert (told.launcher, told.partition, told.in_flight, told.leave_running) == ("slurm", "gpu", 400, False)


def test_names_of_resources():
    check_names([("rule train", ["gpus", "threads", "_cores", "disk_mb", "tmpdir", "licences"])], limits=["licences"])
    with pytest.raises(UnknownNameError, match="resource of rule train 'slurm_partiton'; did you mean slurm_partition"):
        check_names([("rule train", ["gpus", "slurm_partiton"])], limits=[])


SAID = """\
localrule train:
    output: outcome.json
    resources: mem_mb=1
{words}
RuleException:
CalledProcessError in file "Snakefile", line 97:
[today]
Error in rule train:
    message: None
"""


def test_the_cause_is_what_the_last_rule_said():
    earlier = "localrule begin:\n    output: begun\nit went well\n"
    assert cause(earlier + SAID.format(words="loss 3\n\nTraceback:\n  File x\nError: no data")) == [
        "loss 3",
        "Traceback:",
        "  File x",
        "Error: no data",
    ]
    assert len(cause(SAID.format(words="word\n" * 100))) == LINES


@pytest.mark.parametrize("text", ["", "no rule began\n", "localrule train:\n    output: x\nit runs\n"])
def test_no_cause_without_a_failed_rule(text):
    assert cause(text) == []
