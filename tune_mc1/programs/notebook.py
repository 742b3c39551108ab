"""Notebooks as scripts, by nbconvert."""

from pathlib import Path
from typing import Any

from tune_mc1.errors import InputError

_PRELUDE = Path(__file__).with_name("notebook_prelude.py")


def notebook_to_script(notebook: Path, script: Path) -> Path:
    """Writes the code of a notebook as a script that runs without IPython.

    Args:
        notebook: The `.ipynb` file.
        script: The file to write.

    Returns:
        The script.

    Raises:
        InputError: It is no notebook, or nbconvert is not installed.
    """
    try:
        import IPython  # noqa: F401  nbconvert leaves magics as they are without it
        from nbconvert import PythonExporter
        from nbformat.reader import NotJSONError
    except ImportError:
        raise InputError(
            f"{notebook}: a notebook needs nbconvert (pip install 'tune_mc1[notebook]')"
        ) from None
    try:
        exporter: Any = PythonExporter  # has no types
        code, _ = exporter().from_filename(str(notebook))
    except (OSError, ValueError, KeyError, AttributeError, NotJSONError) as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{notebook}: is not a notebook: {reason}") from None
    script.write_text(_PRELUDE.read_text(encoding="utf-8") + "\n\n" + code, encoding="utf-8")
    return script
