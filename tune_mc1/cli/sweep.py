"""The `sweep` command."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from tune_mc1.cli.cluster import outline_of
from tune_mc1.cli.earlier_options import Best, Epochs, From, Rerun, Resume, RetryFailed
from tune_mc1.cli.options import (
    Address,
    AllowHttp,
    AsJson,
    CaCert,
    DryRun,
    MaxConcurrent,
    OnCluster,
    Output,
    Wandb,
    print_json,
    print_notice,
)
from tune_mc1.cluster.address import check_link, is_job_server
from tune_mc1.cluster.jobs.job_command import JobCommand
from tune_mc1.config.commands import sweep_commands
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.tracking.tracker import check_trackers

if TYPE_CHECKING:
    from tune_mc1.planning.plan import Plan

Watch = Annotated[
    bool, typer.Option("--watch", help="Show the sweep in a browser; see the command watch.")
]


def method_argument() -> Any:
    """The argument `method`, which accepts the names of all searches."""
    names = Literal[tuple(sweep_commands())]  # type: ignore[valid-type]
    return Annotated[names, typer.Argument(help="Search method.")]


def sweep(
    context: typer.Context,
    method: str,
    file: Annotated[
        Path | None, typer.Argument(help="A W&B sweep file. Default: configs/METHOD.yaml")
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Arguments of a script that calls wandb.agent, after a --"),
    ] = None,
    flags: PlanFlags = NO_FLAGS,
    output: Output = None,
    max_concurrent: MaxConcurrent = None,
    address: Address = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
    wandb: Wandb = None,
    resume: Resume = None,
    epochs: Epochs = None,
    retry_failed: RetryFailed = False,
    rerun: Rerun = None,
    from_: From = None,
    best: Best = None,
    dry_run: DryRun = False,
    cluster: OnCluster = None,
    as_json: AsJson = False,
    watch: Watch = False,
) -> None:
    """Run a grid, random, ASHA or Bayesian search.

    ASHA (Ray: ASHAScheduler) stops poor trials early at rungs: early_terminate {min_iter (Ray:
    grace_period), eta (Ray: reduction_factor), brackets}.
    """
    _check_options(context.params)
    flags = replace(flags, arguments=tuple(arguments or ()))
    check_link(address, cacert, allow_http=allow_http)
    if watch:
        from tune_mc1.page.beside import check_installed

        check_installed("--watch")
    job = JobCommand.of(context) if is_job_server(address) else None
    if from_:
        from tune_mc1.planning.warm_start import prepare_from

        plan: Plan | None = prepare_from(method, file, from_, best, flags)
    else:
        more = {"epochs": epochs, "retry_failed": retry_failed, "rerun": rerun or ()}
        plan = _plan(method, file, flags, resume, more, elsewhere=job is not None)
    if plan is not None:
        check_trackers(plan.sweep.tracker, {"wandb": wandb})
    if job is not None:
        _submit(job, plan, dry_run=dry_run)
    if plan is None or (job is not None and resume is not None):
        raise InputError("--dry-run: cannot read the --resume directory, which is on the cluster")
    here = address is None and cluster is None
    plan = _announced(plan, file or Path(resume or ".", "sweep.yaml"), here=here)
    if dry_run:
        _print_outline(plan, cluster, address, job, as_json)
        return
    raise typer.Exit(_run(plan, output, address, max_concurrent, wandb, watch=watch))


def _run(
    plan: "Plan",
    output: Path | None,
    address: str | None,
    max_concurrent: int | None,
    wandb: str | None,
    *,
    watch: bool,
) -> int:
    """Runs a sweep to its end; returns the exit status."""
    from tune_mc1.running.start import run_plan

    page: Callable[[Path], str] | None = None
    if watch:
        from tune_mc1.page.beside import watch_beside

        page = watch_beside
    return run_plan(
        plan,
        output=output,
        address=address,
        max_concurrent=max_concurrent,
        tracker_options={"wandb": wandb},
        console=Console(),
        notify=print_notice,
        page=page,
    )


def _submit(job: JobCommand, plan: "Plan | None", *, dry_run: bool) -> None:
    """Submits a sweep as a job, unless it is a dry run.

    Raises:
        InputError: If it cannot be submitted.
        typer.Exit: After the job.
    """
    if plan is not None and plan.sweep.import_from:
        raise InputError(
            "--address: a sweep with a network of your own cannot be submitted over http; start it "
            "on the cluster, with --address auto"
        )
    if not dry_run:
        from tune_mc1.cluster.jobs.submit import submit

        raise typer.Exit(submit(job, [plan] if plan else [], print_notice))


def _announced(plan: "Plan", source: Path, *, here: bool) -> "Plan":
    """The plan, checked if it is of modules, after its notices are printed."""
    if isinstance(plan.sweep, ModuleSweep):
        from tune_mc1.running.module_start import checked_plan

        plan = checked_plan(plan, source, here=here)
    for notice in plan.notices:
        print_notice(notice)
    return plan


def _print_outline(
    plan: "Plan",
    cluster: Path | None,
    address: str | None,
    job: JobCommand | None,
    as_json: bool,
) -> None:
    """Prints what a dry run shows."""
    if job is None and address is None:
        from tune_mc1.running.loading import count_images

        plan = count_images(plan, print_notice)
    facts = outline_of(plan, cluster, None if job else address)
    from tune_mc1.terminal.outline import print_outline

    print_json(facts) if as_json else print_outline(plan, facts, Console())


def _check_options(given: Mapping[str, Any]) -> None:
    """Rejects options that are only valid with others.

    Args:
        given: All values by parameter.

    Raises:
        InputError: If an option is not valid.
    """
    resumes, earlier, best = given["resume"] is not None, given["from_"], given["best"]
    rules = (
        (
            given["epochs"] is not None and not resumes,
            "--epochs: only valid with --resume; for a new sweep use --set epochs=N",
        ),
        (given["retry_failed"] and not resumes, "--retry-failed: only valid with --resume"),
        (bool(given["rerun"]) and not resumes, "--rerun: only valid with --resume"),
        (
            best is not None and not earlier,
            "--best: requires --from, the sweep whose best settings are run",
        ),
        (
            best is not None and given["method"] != "grid",
            f"--best: only valid with sweep grid, got {given['method']}",
        ),
        (bool(earlier) and resumes, "--from: only valid for a new sweep, not with --resume"),
        (
            bool(earlier) and is_job_server(given["address"]),
            "--from: reads results here; start the sweep on the cluster, with --address auto",
        ),
        (
            given["cluster"] is not None and not given["dry_run"],
            "--cluster: only valid with --dry-run; --address names a running cluster",
        ),
        (given["watch"] and given["dry_run"], "--watch: not valid with --dry-run"),
        (
            given["watch"] and is_job_server(given["address"]),
            "--watch: shows a sweep that runs here; start it on the cluster, with --address auto",
        ),
    )
    for wrong, rule in rules:
        if wrong:
            raise InputError(rule)


def _plan(
    method: str,
    file: Path | None,
    flags: PlanFlags,
    resume: Path | None,
    more: Mapping[str, Any],
    *,
    elsewhere: bool,
) -> "Plan | None":
    """Returns the plan; None if it is in a directory that only the cluster can read."""
    if resume is not None and not elsewhere:
        from tune_mc1.planning.resume import prepare_resume

        return prepare_resume(method, file, resume, flags=flags, **more)
    if resume is not None and file is None:
        return None
    from tune_mc1.planning.plan import prepare

    return prepare(method, file, flags, elsewhere=elsewhere)
