#!/usr/bin/env bash
# Behaviour: pyarrow imports pandas, if it is installed, when the first array is made, of a list or of
#   a NumPy array alike, and when `read_table` reads a file. So each process that writes a table or
#   reads a parquet file that way pays for pandas, a third of a second of the CPU, whether it uses
#   pandas or not. `ParquetFile(...).read()` and `to_pylist` do without it, and so does the import.
# Expected before the run: pandas is imported by `to_pandas` and `from_pandas` only.
# Seen with: pyarrow 26.0.1, pandas 3.1.1, numpy 2.4.6, Python 3.11.
# Output when it was written: is pandas imported after
#   import: no, ParquetFile: no, read_table: yes, a list: yes, a NumPy array: yes, a table: yes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  "pyarrow==26.0.1" "pandas==3.1.1" "numpy==2.4.6"

cat >after.py <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

steps = {
    "import": lambda: None,
    "ParquetFile": lambda: pq.ParquetFile("rows.parquet").read().to_pylist(),
    "read_table": lambda: pq.read_table("rows.parquet"),
    "a list": lambda: pa.array([1, 2]),
    "a NumPy array": lambda: pa.array(np.zeros(3)),
    "a table": lambda: pa.Table.from_pylist([{"loss": 0.5}]),
}
steps[sys.argv[1]]()
print("yes" if "pandas" in sys.modules else "no")
PYTHON

env/bin/python -c '
import pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({"loss": [0.5]}), "rows.parquet")'
seen=
for step in import ParquetFile read_table "a list" "a NumPy array" "a table"; do
  seen="${seen:+$seen, }$step: $(env/bin/python after.py "$step")"
done
echo "is pandas imported after $seen"
expected="import: no, ParquetFile: no, read_table: yes, a list: yes, a NumPy array: yes, a table: yes"
[ "$seen" = "$expected" ] || {
  echo "this has changed"
  exit 1
}
