"""Values and flags that cannot be, through the command line: one exact line each."""

from pathlib import Path

import pytest

from tests.support.bad_input import FORMS, PARAMETERS, CommandLine

MODELS = (
    "MLP, CNN_simple, CNN, CNN2, CNN3, CNN4, CNN5, CNN6, CNN7, CNN8, VGG, ResNeXt50, ConvNet, "
    "ResNet9, Airbench"
)
RATE = "parameters.learning_rate"
NEEDS_MAPPING = "must be a mapping such as `{learning_rate: {values: [0.01, 0.03]}}`"

KEYS = {
    "method: gird": "3: method: must be 'grid', 'random' or 'bayes', got 'gird'",
    "metric: val_acc": "3: metric: must be a mapping of keys to values, got 'val_acc'",
    "metric: {name: val_acy}": "3: metric.name: must be one of train_loss, train_acc, "
    "train_f1, val_loss, val_acc, val_f1, val_auroc, val_balanced_acc, val_acc_top5, val_nll, "
    "val_ece, latency_ms, param_count, did you mean 'val_acc'?, got 'val_acy'",
    "metric: {name: val_acc, goal: up}": "3: metric.goal: must be 'minimize' or 'maximize', got "
    "'up'",
    "run_cap: 0": "3: run_cap: must be at least 1, got 0",
    "run_cap: 2.5": "3: run_cap: must be a whole number, got 2.5",
    "name: 3": "3: name: must be text (put it in quotes), got 3",
    "validation: tset": "3: validation: must be `{holdout: 0.1}`, `{folds: 10}`, `val` or `test`, "
    "got 'tset'",
    "validation: {folds: 1}": "3: validation.folds: must be at least 2, got 1",
    "validation: {holdout: 1.5}": "3: validation.holdout: must be less than 1, got 1.5",
    "replicates: -1": "3: replicates: must be at least 1, got -1",
    "resources: {cpu: -1}": "3: resources.cpu: must be greater than 0, got -1",
    "resources: {cpu: .nan}": "3: resources.cpu: must be a finite number, got nan",
    "resources: {gpu: 1.5}": "3: resources.gpu: must be at most 1, got 1.5",
    "resources: {tpu: 1}": "3: resources.tpu: unknown key, did you mean 'gpu'?",
    "fuse: 1": "3: fuse: must be auto, off, or a number of trials from 2 to 1024, got 1",
    "storage: ''": "3: storage: must not be empty, got ''",
    "data: [a]": "3: data: must be text (put it in quotes), got ['a']",
    "search_seed: -1": "3: search_seed: must be at least 0, got -1",
    "early_terminate: {type: mean}": "3: early_terminate.type: must be 'asha', 'asha_promote', "
    "'hyperband', 'median', 'pb2' or 'pbt', got 'mean'",
    "early_terminate: {type: median, grace_period: 10}": "3: early_terminate.grace_period: must be "
    "less than the epochs of the longest trial (10), got 10",
    "early_terminate: {type: asha_promote, strict: true}": "3: early_terminate.strict: unknown key "
    "(known: type, min_iter, s, max_iter, eta, screen_iter, brackets)",
    "keep_checkpoints: last": "3: keep_checkpoints: must be 'all', 'best' or 'none', got 'last'",
    "early_terminate: {type: asha, min_iter: 0}": "3: early_terminate.min_iter: must be at least "
    "1, got 0",
    "early_terminate: {type: asha, min_iter: 20}": "3: early_terminate.min_iter: must be less than "
    "the epochs of the longest trial (10; Ray: grace_period), got 20",
    "metod: grid": "3: metod: unknown key, did you mean 'method'?",
}

TRIALS = {
    "learning_rate: {value: -1}": f"1: {RATE}.value: must be greater than 0, got -1",
    "learning_rate: {value: .inf}": f"1: {RATE}.value: must be a finite number, got inf",
    "learning_rate: {value: .nan}": f"1: {RATE}.value: must be a finite number, got nan",
    "learning_rate: {value: fast}": f"1: {RATE}.value: must be a number, got 'fast'",
    "learning_rate: {values: []}": f"1: {RATE}.values: must not be empty, got []",
    "learning_rate: {values: 0.1}": f"1: {RATE}.values: must be a list, got 0.1",
    "learning_rate: 0.1": f"1: {RATE}: must be a mapping such as `learning_rate: {{value: 0.1}}`, "
    "got 0.1",
    "learning_rate: {}": f"1: {RATE}: needs value, values, min and max, or a distribution, got "
    "{}",
    "learning_rate: {min: 0.1}": f"1: {RATE}.max: is required by distribution uniform",
    "learning_rate: {min: 0.2, max: 0.1}": f"1: {RATE}: min must be less than max (0.1), got 0.2",
    "learning_rate: {min: 0.1, max: 0.2}": f" {RATE}: a grid requires listed values (value, "
    "values, "
    "int_uniform or q_uniform); list them, or use the command `sweep random`, got 'uniform'",
    "weight_decay: {distribution: log_uniform, min: 0.0001, max: 0.01}": "1: "
    "parameters.weight_decay.distribution: takes exponents of e, so these bounds mean 1 to 1.01; "
    "write log_uniform_values for bounds that are values, got 'log_uniform'",
    "batch_size: {value: 0}": "1: parameters.batch_size.value: must be at least 1, got 0",
    "batch_size: {value: 1.5}": "1: parameters.batch_size.value: must be a whole number, got 1.5",
    "epochs: {value: null}": "1: parameters.epochs.value: must be a whole number, got null",
    "model: {value: CNN99}": f"1: parameters.model.value: must be one of {MODELS}, did you mean "
    "'CNN'?, got 'CNN99'",
    "momentum: {value: 0.9}, optimizer: {value: Adam}": " parameters.momentum: only valid with "
    "optimizers SGD, Muon, RMSprop, LARS, SGDW, RMSpropTF, got 0.9 with Adam "
    "(in 1 of 1 settings)",
    "dropout_p: {value: 0.5}, model: {value: MLP}": " parameters.dropout_p: model MLP has no "
    "dropout (models with dropout: CNN8, VGG, ConvNet), got 0.5 (in 1 of 1 settings)",
    "batch_norm: {value: maybe}": "1: parameters.batch_norm.value: must be true or false, got "
    "'maybe'",
    "seed: {value: -1}": "1: parameters.seed.value: must be at least 0, got -1",
    "device: {value: tpu}": "1: parameters.device.value: must be one of auto, cpu, cuda, did you "
    "mean 'gpu'?, got 'tpu'",
    "precision: {value: 16}": "1: parameters.precision.value: must be one of 32, bf16-mixed, "
    "16-mixed, got 16",
    "lernrate: {value: 1}": "1: parameters.lernrate: unknown parameter, did you mean "
    "'learning_rate'?",
    "": f"1: parameters: {NEEDS_MAPPING}, got {{}}",
}
FILES = {f"{PARAMETERS}{key}\n": message for key, message in KEYS.items()}
FILES |= {f"parameters: {{{trial}}}\n": message for trial, message in TRIALS.items()}


@pytest.mark.parametrize("text", FILES, ids=lambda text: text.removeprefix(PARAMETERS)[:60].strip())
def test_value(command_line: CommandLine, text: str) -> None:
    file = command_line.here / "sweep.yaml"
    file.write_text(text)
    command_line.refuses(
        *("sweep", "grid", file, "-d", "shapes10"), message=f"HERE/sweep.yaml:{FILES[text]}"
    )


DATA = f"--data: must be cifar10, shapes10, {FORMS}"
FORM = "--address: must be auto, host:port of the head, or https://host (http:// for a tunnel), got"
FLAGS: dict[tuple[str, ...], str] = {
    ("swep",): "tune_mc1: no such command 'swep'. Did you mean 'sweep'?",
    ("sweep", "gird"): "tune_mc1 sweep: invalid value for 'method': 'gird' is not one of 'grid', "
    "'random', 'asha', 'bayes'",
    ("sweep",): "tune_mc1 sweep: missing argument 'method'. Choose from: grid, random, asha, bayes",
    ("sweep", "grid", "a", "b"): (
        "a: is a sweep file; only a script that calls wandb.agent takes arguments, got b"
    ),
    ("GRID", "--runcap", "3"): "tune_mc1 sweep: no such option: --runcap (Possible options: "
    "--rerun, --run-cap)",
    ("GRID", "-n", "0"): "tune_mc1 sweep: invalid value for '--run-cap' / '-n': must be greater "
    "than or equal to 1",
    ("GRID", "--wandb", "on"): "tune_mc1 sweep: invalid value for '--wandb': 'on' is not one of "
    "'online', 'offline', 'disabled'",
    ("GRID", "--wandb", "online"): "--wandb: online requires an API key (run `wandb login` or "
    "set WANDB_API_KEY), got none for api.wandb.ai",
    ("GRID", "--wandb", "offline", "--tracker", "none"): "--wandb: only valid with tracker wandb, "
    "got 'offline' with none",
    ("GRID", "--fuse", "all"): "--fuse: must be auto, off, or a number of trials from 2 to 1024, "
    "got 'all'",
    ("GRID", "--set", "learning_rate"): "--set: must be name=value[,value...], got 'learning_rate'",
    ("GRID", "--set", "=3"): "--set: must be name=value[,value...], got '=3'",
    ("GRID", "--set", "modle=1"): "--set modle: unknown parameter, did you mean 'model'?",
    ("GRID", "--set", "learning_rate=-1"): "--set learning_rate: must be greater than 0, got -1",
    ("GRID", "--set", "epochs=!!python/name:os.system"): "--set epochs: must be a number or a "
    "word, got '!!python/name:os.system'",
    ("GRID", "--set", "seed=1", "--set", "seed=2"): "--set seed: is given twice",
    ("GRID", "-o", "file"): "-o: must be a directory, got the file 'file'",
    ("GRID", "-o", "file/x"): "-o: results cannot be written to 'file/x': Not a directory",
    ("GRID", "-o", "caf\udce9"): "-o: must be UTF-8, which Ray and W&B need, got 'HERE/caf\\udce9'",
    ("GRID", "-o", "x" * 300): f"-o: results cannot be written to '{'x' * 300}': File name too "
    "long",
    ("GRID", "--address", "127.0.0.1:1"): "--address 127.0.0.1:1: cannot be reached: "
    "Connection refused",
    ("GRID", "--address", "ray://h:1"): f"{FORM} 'ray://h:1' (a sweep over ray:// ends "
    "with its connection; over http:// it is a job, which continues)",
    ("GRID", "--address", "here"): f"{FORM} 'here'",
    ("sweep", "bayes"): "sweep bayes: needs a sweep file; bayes has no default one",
    (
        "sweep",
        "asha",
        "sweep.yaml",
    ): "sweep.yaml: run_cap: is required by asha: the number of settings to try (in the file, or "
    "as -n)",
    ("GRID", "-d", "cifra10"): f"{DATA} 'cifra10', did you mean 'cifar10'?",
    ("GRID", "-d", ""): f"{DATA} '' (neither folders nor parquet files in it)",
    ("GRID", "-d", "file"): f"{DATA} 'file' (a file of another kind)",
    ("train", "--set", "epochs=1,2"): "--set: train runs one trial, got values for 2; use sweep",
    ("train", "-o", "file"): "-o: must be a directory, got the file 'file'",
    ("show",): "tune_mc1 show: missing argument 'directory'",
    ("show", "sweep.yaml", "-n", "0"): "tune_mc1 show: invalid value for '--limit' / '-n': must be "
    "greater than or equal to 1",
}


@pytest.mark.parametrize("words", FLAGS, ids=lambda words: " ".join(words)[:60])
def test_flag(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HOME", str(command_line.here))
    (command_line.here / "sweep.yaml").write_text(PARAMETERS)
    (command_line.here / "file").touch()
    grid = ["sweep", "grid", "sweep.yaml", "-d", "shapes10"]
    spelled = [w for word in words for w in (grid if word == "GRID" else [word])]
    command_line.refuses(*spelled, message=FLAGS[words])


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_mode_of_wandb_where_the_file_names_no_tracker(
    command_line: CommandLine, more: tuple[str, ...]
) -> None:
    file = command_line.here / "sweep.yaml"
    file.write_text(f"{PARAMETERS}tracker: none\n")
    line = "--wandb: only valid with tracker wandb, got 'online' with none"
    flags = ("-d", "shapes10", "--wandb", "online", *more)
    command_line.refuses("sweep", "grid", file, *flags, message=line)


@pytest.mark.parametrize(
    ("name", "directory"),
    [("a/b", "a_b"), ("../up", "_up"), ("a\0b", "a_b"), ("x" * 300, "x" * 100), ("", "sweep")],
)
def test_any_name_of_a_sweep_names_a_directory(name: str, directory: str, tmp_path: Path) -> None:
    from tune_mc1.files import directory_name

    assert directory_name(name) == directory
    (tmp_path / directory_name(name)).mkdir()
