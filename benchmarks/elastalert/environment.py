"""An environment of its own for ElastAlert 2, which needs a newer Python than this project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "2.31.0"
NEEDED = (3, 13)
NEWER = ("python3.13", "python3.14", "python3.15", "python3")
FOLDER = Path(".watchfloor/bench/elastalert")


class NotMeasuredError(RuntimeError):
    """ElastAlert 2 cannot be run here; the message says why."""


def elastalert_python(python: str | None = None) -> Path:
    """Python of an environment that has ElastAlert 2, made if need be.

    `python` is the interpreter to make it with; without it, the first one found that is new
    enough. Raises NotMeasuredError.
    """
    inside = FOLDER / "bin" / "python"
    if _answers(inside, f"import elastalert, importlib.metadata as m; {_SAME_VERSION}"):
        return inside
    _run([_interpreter(python), "-m", "venv", "--clear", str(FOLDER)])
    wanted = f"elastalert2=={VERSION}"
    _run([str(inside), "-m", "pip", "install", "--quiet", "--no-input", wanted])
    return inside


_SAME_VERSION = f"assert m.version('elastalert2') == '{VERSION}'"


def _interpreter(python: str | None) -> str:
    """A Python that is new enough; a name on PATH may be a shim that starts nothing."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    kept = map(str, sorted(pyenv.glob("versions/3.*/bin/python"), reverse=True))
    names = [python] if python else [sys.executable, *NEWER, *kept]
    found = [path for name in names if (path := shutil.which(name))]
    for path in found:
        if _answers(Path(path), f"import sys; assert sys.version_info >= {NEEDED}"):
            return path
    version = ".".join(map(str, NEEDED))
    raise NotMeasuredError(
        f"ElastAlert {VERSION} needs Python {version} or newer and none was found; "
        "name one with --python."
    )


def _answers(python: Path, code: str) -> bool:
    """Whether this Python exists and runs the code without an error."""
    if not python.exists():
        return False
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    """Run a command; NotMeasuredError with its last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise NotMeasuredError(f"'{' '.join(command[1:4])}' failed: {words[-1]}")
