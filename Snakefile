# Plans a grid, trains and scores its runs, and renders the report:
#
#   snakemake --cores all                                    grids/quickstart.yaml
#   snakemake --cores all --config grid=grids/quality.yaml   another grid
#   snakemake --cores all -n                                 what is left to do
#   snakemake --cores all --config hardware=ours.yaml        devices and prices from elsewhere than hardware.yaml
#
# Everything that thinks is in the `study` command; this file wires. Settings such as keep-going are in
# profiles/default/config.yaml, which Snakemake reads by itself.

import atexit
import subprocess
import sys
from pathlib import Path

from study.hardware import gpus_present
from study.plan.table import StudyTable

GRID = Path(config.get("grid", "grids/quickstart.yaml"))
RESULTS = Path(config.get("results", "results"))
REPORTS = Path(config.get("reports", "reports"))
HARDWARE = ["--hardware", config["hardware"]] if "hardware" in config else []
STUDY = GRID.stem
RUNS = RESULTS / "runs"

if workflow.is_main_process:
    if subprocess.run(
        [
            "study",
            "plan",
            GRID,
            "--results",
            RESULTS,
            *HARDWARE,
            "--quiet",
            "--runnable",
        ]
    ).returncode:
        sys.exit(2)
    here = gpus_present()
    if here:  # a login node without GPUs sets no limit to its cluster
        workflow.global_resources.setdefault("gpus", here)

# of this study alone, so that two of them run side by side; the same as of `study submit`
config.setdefault("submitit_folder", RESULTS / STUDY / "jobs")

PLAN = StudyTable(RESULTS, STUDY)
EVALUATIONS = [
    RUNS / run_id / f"evaluations/{PLAN.evaluation_id}.json" for run_id in PLAN.run_ids
]


wildcard_constraints:
    run_id="r[0-9a-f]{12}",


localrules:
    all,
    collect,
    fit,
    report,


rule all:
    input:
        # runs by name too: one that was removed, or is to be tried again, is otherwise not missed
        [RUNS / run_id / "outcome.json" for run_id in PLAN.run_ids],
        EVALUATIONS,
        REPORTS / STUDY / "index.html",


rule train:
    input:
        spec=RUNS / "{run_id}/spec.json",
        trials=PLAN.scored_first(RUNS),
    output:
        RUNS / "{run_id}/outcome.json",
    log:
        RUNS / "{run_id}/train.log",
    group:
        "{run_id}"
    threads: PLAN.asks("threads")
    resources:
        gpus=PLAN.asks("gpus"),
        nodes=PLAN.asks("nodes"),
        tasks=PLAN.asks("processes"),
        mem_mb=PLAN.asks("mem_mb"),
        runtime=PLAN.asks("runtime_minutes"),
    params:
        study=STUDY,
        results=RESULTS,
        device=PLAN.asks("device"),
        processes=PLAN.asks("processes"),
        nodes=PLAN.asks("nodes"),
        micro_batch=PLAN.asks("micro_batch_size"),
        shard=PLAN.asks("shard"),
        submitit_note=str(RUNS / "{run_id}/failure.json"),  # of a Path Snakemake fills in no names
    shell:
        "study train {input.spec} --study {params.study} --results {params.results} --log {log}"
        " --device {params.device} --processes {params.processes} --nodes {params.nodes} --threads {threads}"
        " --micro-batch-size {params.micro_batch} {params.shard}"


rule evaluate:
    input:
        RUNS / "{run_id}/outcome.json",
    output:
        RUNS / f"{{run_id}}/evaluations/{PLAN.evaluation_id}.json",
    log:
        RUNS / "{run_id}/evaluate.log",
    group:
        "{run_id}"
    threads: PLAN.asks("threads")
    resources:
        gpus=PLAN.asks("gpus"),
        nodes=PLAN.asks("nodes"),
        tasks=PLAN.asks("processes"),
        mem_mb=PLAN.asks("mem_mb"),
        runtime=PLAN.asks("evaluation_minutes"),  # of one group Snakemake adds up those of both rules
    params:
        study=STUDY,
        results=RESULTS,
        device=PLAN.asks("device"),
    shell:
        "study evaluate {wildcards.run_id} --study {params.study} --results {params.results} --log {log}"
        " --device {params.device} --threads {threads}"


rule collect:
    input:
        RESULTS / STUDY / "run_ids.json",
        EVALUATIONS,
    output:
        RESULTS / STUDY / "runs.parquet",
        RESULTS / STUDY / "scores.parquet",
    log:
        RESULTS / STUDY / "collect.log",
    params:
        study=STUDY,
        results=RESULTS,
    shell:
        "study collect {params.study} --results {params.results} 2>&1 | tee {log}"


rule fit:
    input:
        rules.collect.output,
    output:
        RESULTS / STUDY / "laws.parquet",
        RESULTS / STUDY / "crossovers.parquet",
    log:
        RESULTS / STUDY / "fit.log",
    params:
        study=STUDY,
        results=RESULTS,
    shell:
        "study fit {params.study} --results {params.results} 2>&1 | tee {log}"


rule report:
    input:
        rules.collect.output,
        rules.fit.output,
    output:
        REPORTS / STUDY / "index.html",
    log:
        RESULTS / STUDY / "report.log",
    params:
        study=STUDY,
        results=RESULTS,
        reports=REPORTS,
    shell:
        "study report {params.study} --results {params.results} --out {params.reports} 2>&1 | tee {log}"


onsuccess:
    # after Snakemake's own last words
    atexit.register(print, REPORTS / STUDY / "index.html")


onerror:
    print("not everything finished; the report shows which runs and why")
    shell(
        "study collect {STUDY} --results {RESULTS} && study fit {STUDY} --results {RESULTS}"
    )
    shell("study report {STUDY} --results {RESULTS} --out {REPORTS}")
