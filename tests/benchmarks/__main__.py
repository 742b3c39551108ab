"""All benchmarks, into one page: `python -m tests.benchmarks` writes `docs/performance.md`.

Takes about an hour on two cores, on which nothing else should run. Figures are kept in
`docs/performance.json`, so `--only fused step` measures these anew and leaves the others.
`--compare before` measures nothing to keep: it says which figures are worse than at that commit.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.compare import compare

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
NOTES = Path(__file__).with_name("notes.md")

SCRIPTS: dict[str, list[str]] = {
    "start": ["start"],
    "step": ["step"],
    "reference": ["reference"],
    "warm_start": ["warm_start"],
    "driver": ["driver"],
    "fused": ["fused"],
    "fused_seeds": ["fused", "--seeds", "8"],
    "fused_2": ["fused", "--trials", "2"],
    "fused_16": ["fused", "--trials", "16"],
    "fused_CNN_simple": ["fused", "--model", "CNN_simple"],
    "fused_CNN2": ["fused", "--model", "CNN2", "--images", "4000", "--runs", "3"],
    "fused_CNN3": ["fused", "--model", "CNN3", "--images", "4000", "--runs", "3"],
    "fused_CNN4": ["fused", "--model", "CNN4", "--images", "4000", "--runs", "3"],
    "fused_CNN5": ["fused", "--model", "CNN5", "--images", "4000", "--runs", "3"],
    "fused_CNN6": ["fused", "--model", "CNN6", "--images", "4000", "--runs", "3"],
    "fused_MLP": ["fused", "--model", "MLP", "--images", "320", "--runs", "3", "--trials", "4"],
    "fused_CNN8": ["fused", "--model", "CNN8", "--images", "320", "--runs", "3", "--trials", "4"],
    "fused_SmallCNN": ["fused", "--model", "SmallCNN"],
    "fused_SmallCNN_seeds": ["fused", "--model", "SmallCNN", "--seeds", "8", "--runs", "3"],
    "fused_SmallResNet": ["fused", "--model", "SmallResNet", "--images", "4000", "--runs", "3"],
    "frozen": ["frozen", "--images", "1000"],
    "layers": ["layers"],
    "precision": ["precision"],
    "augmentation": ["augmentation"],
    "augmentation_bf16": ["augmentation", "--precision", "bf16-mixed"],
    "precision_CNN": ["precision", "--model", "CNN", "--steps", "100"],
    "precision_VGG": ["precision", "--model", "VGG", "--steps", "1"],
    "grid": ["grid", "--images", "20000", "--runs", "1"],
    "writing": ["writing"],
    "roofline": ["roofline"],
    "idle": ["idle"],
    "memory": ["memory"],
    "worker_memory": ["worker_memory"],
    "growth": ["growth"],
    "many_nodes": ["many_nodes"],
    "report": ["report"],
    "python_use": ["python_use"],
    "page_beside": ["page_beside", "--epochs", "2", "--runs", "2"],
    "dry_run": ["dry_run"],
    "programs": ["programs"],
    "program_cost": ["program_cost"],
    "modules": ["modules"],
    "side_by_side": ["side_by_side", "--runs", "1"],
    "side_by_side_timm": [
        "side_by_side",
        "--side",
        "timm:resnet18",
        "--epochs",
        "8",
        "--runs",
        "1",
    ],
    "mapped_data": ["mapped_data"],
    "matrix_limit": ["matrix_limit"],
    "matrix_limit_128": ["matrix_limit", "--batch-size", "128"],
}
GPU_SCRIPTS: dict[str, list[str]] = {
    "gpu_step": ["step", "--gpu"],
    "gpu_reference": ["reference", "--gpu", "--images", "20000"],
    "gpu_fused": ["fused", "--gpu", "--trials", "30", "--images", "20000"],
    "gpu_fused_eager": ["fused", "--gpu", "--trials", "30", "--images", "20000", "--eager"],
    "gpu_fused_10": ["fused", "--gpu", "--trials", "10", "--images", "20000"],
    "gpu_fused_seeds": ["fused", "--gpu", "--trials", "30", "--seeds", "30", "--images", "20000"],
    "gpu_fused_CNN5": ["fused", "--gpu", "--model", "CNN5"],
    "gpu_fused_CNN8": ["fused", "--gpu", "--model", "CNN8", "--runs", "3"],
    "gpu_fused_MLP": ["fused", "--gpu", "--model", "MLP", "--runs", "3"],
    "gpu_fused_SmallCNN": ["fused", "--gpu", "--eager", "--model", "SmallCNN"],
    "gpu_fused_SmallResNet": ["fused", "--gpu", "--eager", "--model", "SmallResNet"],
    "gpu_fused_VGG": ["fused", "--gpu", "--model", "VGG", "--runs", "3", "--images", "4000"],
    "gpu_precision": ["precision", "--gpu", "--batch-size", "512"],
    "gpu_precision_compiled": ["precision", "--gpu", "--batch-size", "512", "--compile"],
    "gpu_grid": [
        *["grid", "--gpu", "--runs", "1", "--images", "50000", "--reference-epochs", "2"],
        *["--ways", "reference", "optuna"],
    ],
    "gpu_idle": ["idle", "--gpu", "--set", "epochs=40"],
}

HEAD = """# Performance

Made by `python -m tests.benchmarks`, from the scripts in `tests/benchmarks/`. A figure that
compares two sides is the median of ratios of alternating runs in one script, in CPU-seconds on a
CPU and in wall time on a GPU; behind it stand the smallest and the largest, and the number of runs.
Missed goals say so.
"""


def measure(words: list[str]) -> dict[str, Any]:
    """Runs a script and gives what it published."""
    command = [sys.executable, "-m", f"tests.benchmarks.{words[0]}", *words[1:], "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"command": "python -m tests.benchmarks." + " ".join(words)}


def page(results: dict[str, dict[str, Any]]) -> str:
    """The page, in Markdown."""
    parts = [HEAD, NOTES.read_text().rstrip() + "\n"]
    for name in [*SCRIPTS, *GPU_SCRIPTS]:
        if name in results:
            parts.append(section(results[name]))
        elif name in GPU_SCRIPTS:
            words = " ".join(GPU_SCRIPTS[name])
            head = f"## `python -m tests.benchmarks.{words}`"
            parts.append(f"{head}\n\nNot measured yet: needs a GPU.\n")
    return "\n".join(parts)


def section(result: dict[str, Any]) -> str:
    """One script's figures as a table."""
    doc = (Path(__file__).parent / f"{result['benchmark']}.py").read_text().split('"""')[1]
    facts = {k: v for k, v in result.items() if k not in ("figures", "command", "benchmark")}
    lines = [
        f"## `{result['command']}`\n",
        " ".join(doc.split("\n\n")[0].split()) + "\n",
        "; ".join(f"{k} {v}" for k, v in facts.items()) + "\n",
        "| figure | median | unit | smallest to largest | runs | goal |",
        "|---|---|---|---|---|---|",
    ]
    for figure in result["figures"]:
        values = figure["values"]
        goal = ""
        if figure["goal"]:
            goal = f"{figure['goal']}: " + ("met" if figure["met"] else "**missed**")
        spread = f"{min(values):.4g} to {max(values):.4g}"
        name, unit = figure["name"].strip(), figure["unit"]
        median = f"{figure['median']:.4g}"
        lines.append(f"| {name} | {median} | {unit} | {spread} | {len(values)} | {goal} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures, and writes the page."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--only", nargs="*", choices=[*SCRIPTS, *GPU_SCRIPTS], help="these alone")
    made.add_argument("--gpu", action="store_true", help="what needs a GPU")
    made.add_argument("--compare", metavar="COMMIT", help="with an earlier version; keeps nothing")
    args = made.parse_args()
    if args.compare is not None:
        chosen = args.only if args.only is not None else (GPU_SCRIPTS if args.gpu else SCRIPTS)
        sys.exit(compare({n: (SCRIPTS | GPU_SCRIPTS)[n] for n in chosen}, args.compare))
    store = PAGE.with_suffix(".json")
    results = json.loads(store.read_text()) if store.exists() else {}
    all_scripts = SCRIPTS | GPU_SCRIPTS
    default = GPU_SCRIPTS if args.gpu else SCRIPTS
    for name in args.only if args.only is not None else default:
        print(f"--- {name}", file=sys.stderr)
        results[name] = measure(all_scripts[name])
        PAGE.parent.mkdir(exist_ok=True)
        store.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
