#!/usr/bin/env bash
# DuckDB 2.0.1 on parquet of pyarrow 26.0.1, Python 3.11.
#
# Question: which of three trials has `acc > 0.9`, if one of them is NaN and the best other is 0.7?
# Expected: the same answer for a parquet file as for a table that was made of it: DuckDB orders NaN
#   above all numbers, so one row in both.
# Seen: one row in the table, none in the file. pyarrow writes min and max of a row group without
#   NaN (0.5 and 0.7), and DuckDB skips the row group by them. With `acc > 0.6`, which the
#   statistics do not exclude, the file gives two rows, of which one is the NaN.
# So results must hold no NaN: null means the same everywhere.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
venv/bin/python - <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

trials = pa.table({"trial": ["a", "b", "c"], "acc": [0.5, float("nan"), 0.7]})
pq.write_table(trials, "trials.parquet")
duckdb.sql("create table trials as select * from 'trials.parquet'")


def found(source: str, least: float) -> list[str]:
    query = f"select trial from {source} where acc > {least} order by trial"
    return [name for (name,) in duckdb.sql(query).fetchall()]


for least, in_file, in_table in ((0.6, ["b", "c"], ["b", "c"]), (0.9, [], ["b"])):
    seen = found("'trials.parquet'", least), found("trials", least)
    print(f"acc > {least}: file {seen[0]}, table {seen[1]}")
    assert seen == (in_file, in_table), "the behaviour has changed"
PY
