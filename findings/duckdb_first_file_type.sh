#!/usr/bin/env bash
# Behaviour: DuckDB reads all parquet files of a pattern by columns and types of the first one. If the
#   first trial has a weight decay of 0, a whole number, then 0.0005 and 0.05 of the others are read
#   as 0 and 0.7 as 1; a parameter that the first one lacks is not there at all. Nothing is said,
#   and which file is first depends on the names. That the first file's columns count is documented,
#   that numbers are rounded to its types is not. `union_by_name = true` reads what was
#   written; the same trials as CSV are right by default. pyarrow stops with an error instead.
# Expected before the run: the wider type, as for CSV, or an error.
# Seen with: duckdb 2.0.1, pyarrow 26.0.1, Python 3.11.
# Output when it was written:
#   CSV: [0.0, 0.0005, 0.05, 0.7, 2.5]
#   parquet: [0, 0, 0, 1, 2]; columns trial, decay, acc
#   best trial with a decay: by CSV c, by parquet d
#   parquet, union_by_name: [0.0, 0.0005, 0.05, 0.7, 2.5]; columns trial, decay, acc, momentum
#   pyarrow: ArrowInvalid
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
env/bin/python - <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

DECAYS = [0, 0.0005, 0.05, 0.7, 2.5]
for trial, decay, acc in zip("abcde", DECAYS, (0.6, 0.7, 0.8, 0.5, 0.4)):
    row = {"trial": trial, "decay": decay, "acc": acc}
    if trial != "a":
        row["momentum"] = 0.9
    table = pa.Table.from_pylist([row])
    pq.write_table(table, f"{trial}.parquet")
    pyarrow.csv.write_csv(table.select(["trial", "decay", "acc"]), f"{trial}.csv")


def ask(query):
    return [row[0] for row in duckdb.sql(query).fetchall()]


csv = ask("select decay from '*.csv' order by trial")
parquet = ask("select decay from '*.parquet' order by trial")
columns = duckdb.sql("from '*.parquet'").columns
best = {
    kind: ask(f"select trial from '*.{kind}' where decay > 0 order by acc desc limit 1")[0]
    for kind in ("csv", "parquet")
}
whole = "read_parquet('*.parquet', union_by_name = true)"
union = ask(f"select decay from {whole} order by trial")
union_columns = duckdb.sql(f"from {whole}").columns
try:
    read = str(ds.dataset([f"{trial}.parquet" for trial in "abcde"]).to_table()["decay"])
except pa.ArrowInvalid:
    read = "ArrowInvalid"
print("CSV:", csv)
print(f"parquet: {parquet}; columns {', '.join(columns)}")
print(f"best trial with a decay: by CSV {best['csv']}, by parquet {best['parquet']}")
print(f"parquet, union_by_name: {union}; columns {', '.join(union_columns)}")
print("pyarrow:", read)
assert csv == union == DECAYS, "the behaviour has changed"
assert parquet == [0, 0, 0, 1, 2], "the behaviour has changed"
assert "momentum" in union_columns and "momentum" not in columns, "the behaviour has changed"
assert best == {"csv": "c", "parquet": "d"}, "the behaviour has changed"
assert read == "ArrowInvalid", "the behaviour has changed"
PY
