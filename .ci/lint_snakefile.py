"""Snakemake's lint of the Snakefile, but for its wish for a conda environment a rule: there is one environment."""

import subprocess
import sys

ONE_ENVIRONMENT = "Specify a conda environment or container for each rule.:"

done = subprocess.run(["snakemake", "--lint"], capture_output=True, text=True)
lines = (done.stdout + done.stderr).splitlines()
rules = [line for line in lines if line.startswith("Lints for")]
wrong = [line.strip("* ") for line in lines if line.startswith("    * ") and ONE_ENVIRONMENT not in line]
if not rules:
    sys.exit("snakemake --lint could not read the Snakefile:\n" + "\n".join(lines))
print(f"snakemake --lint: {len(rules)} rules looked at, {len(wrong)} complaints", *wrong, sep="\n  ")
sys.exit(bool(wrong))
