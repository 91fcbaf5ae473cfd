"""A small workflow of shell rules, and Snakemake on it as a process of its own."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# made.txt of each word comes of two rules that are one group; a word that is `wait` lasts until there is a file `go`
SNAKEFILE = """\
WORDS = config.get("words", "one,two").split(",")
rule all:
    input: expand("{word}/made.txt", word=WORDS)
rule begin:
    output: "{word}/begun.txt"
    group: "{word}"
    params: submitit_note="{word}/failure.json"
    shell:
        "mkdir -p {wildcards.word}; echo $PPID >> {wildcards.word}/starts; "
        "if [ {wildcards.word} = wait ]; then while [ ! -e go ]; do sleep 0.1; done; fi; "
        "if [ {wildcards.word} = bad ]; then echo no such luck >&2; exit 3; fi; echo > {output}"
rule make:
    input: "{word}/begun.txt"
    output: "{word}/made.txt"
    group: "{word}"
    resources: mem_mb=50
    shell: "cp {input} {output}"
"""
PATIENCE = 600


def command(*more):
    return [
        sys.executable, "-m", "snakemake", "--executor", "submitit", "--submitit-launcher", "local", "--jobs", "50",
        "--submitit-poll-seconds", "0.2", "--submitit-local-cpus", "3", "--rerun-incomplete", "--keep-going", *more,
    ]  # fmt: skip


def write(folder, snakefile=SNAKEFILE):
    (folder / "Snakefile").write_text(snakefile)


def snakemake(folder, *more):
    """Its exit code, and all that it said."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command(*more), cwd=folder, text=True, timeout=PATIENCE, **pipes)
    return done.returncode, done.stdout


@contextmanager
def running(folder, *more, start=command):
    """Snakemake at work in a session of its own; killed at the end of the block, if it is there still."""
    with (folder / "said.txt").open("a") as said:
        process = subprocess.Popen(start(*more), cwd=folder, stdout=said, stderr=said, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition, what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


def starts(folder, word):
    """How often the job of a word was started."""
    path = folder / word / "starts"
    return len(path.read_text().splitlines()) if path.exists() else 0


def note(folder, word):
    return json.loads((folder / word / "failure.json").read_text())


def no_job_runs(folder):
    """Whether no wrapper of a job of this folder is left."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"study.launch.inside\0{os.fspath(folder)}" in path.read_text():
                return False
        except OSError:
            continue
    return True
