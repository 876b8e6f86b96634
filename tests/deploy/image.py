"""`make image-check`: runs the steps of the Dockerfile without a container engine, and looks at what comes out.

The steps of the build stage run as they stand, in a clean directory, as an unprivileged user where the caller may
become one; only their absolute paths are moved below that directory.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
UID = 10001
MOST_MIB = 250
"""Of what is added to the base image."""

IMPORTS = """
import importlib, pkgutil, otelagent
skip = ("otelagent.reference",)
names = [m.name for m in pkgutil.walk_packages(otelagent.__path__, "otelagent.") if not m.name.startswith(skip)]
for name in names:
    importlib.import_module(name)
print(f"{len(names)} modules import")
"""


class Step(NamedTuple):
    """One instruction."""

    verb: str
    words: str


def steps(text: str) -> list[list[Step]]:
    """The instructions of each stage; those before the first are left out."""
    stages: list[list[Step]] = []
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text))
    for line in filter(None, map(str.strip, joined.splitlines())):
        verb, _, words = line.partition(" ")
        if verb == "FROM":
            stages.append([])
        elif stages:
            stages[-1].append(Step(verb, words))
    return stages


def variables(stage: list[Step]) -> dict[str, str]:
    """What ENV sets."""
    return dict(pair.split("=", 1) for step in stage if step.verb == "ENV" for pair in shlex.split(step.words))


class Image:
    """The file system that grows below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.user = UID if os.geteuid() == 0 else None
        for folder in ("src", "opt", "tmp", "var/lib"):
            (root / folder).mkdir(parents=True)
        for path in (root, *root.rglob("*")):
            self._own(path)

    def build(self, stage: list[Step]) -> None:
        for step in stage:
            if step.verb == "COPY":
                self._copy(step.words)
            elif step.verb == "RUN":
                print(f"RUN {step.words}", flush=True)  # noqa: T201
                self.run(["sh", "-ec", self.moved(step.words)], variables(stage), self.root / "src")

    def moved(self, words: str) -> str:
        return re.sub(r"(?<![\w.])/(opt|tmp|src|var)\b", rf"{self.root}/\1", words)

    def run(self, command: list[str], env: dict[str, str], cwd: Path) -> str:
        settings = {"PATH": os.environ["PATH"], "HOME": str(self.root / "tmp")} | env
        configured = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "REQUESTS_"))}
        done = subprocess.run(
            command, env=configured | settings, cwd=cwd, user=self.user, check=False, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{shlex.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _copy(self, words: str) -> None:
        *sources, target = (word for word in words.split() if not word.startswith("--"))
        for source in sources:
            path = self.root / "src" / (target if target != "./" else source)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, path, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, path)
            for each in (path, *path.rglob("*")):
                self._own(each)

    def _own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user, self.user)


def look(image: Image, final: list[Step]) -> Iterator[str]:
    """What is wrong with the result."""
    home = image.root / "opt/otelagent"
    env = {name: image.moved(value) for name, value in variables(final).items()}
    env["HOME"] = str(image.root / "tmp/state")
    entry = json.loads(next(step.words for step in final if step.verb == "ENTRYPOINT"))
    if entry != ["otelagent", "run"]:
        yield f"the entry point is {entry}"
    make_read_only(home)
    print(image.run(["otelagent", "version"], env, Path(env["HOME"])).strip())  # noqa: T201
    print(image.run([str(home / "bin/python"), "-c", IMPORTS], env, Path(env["HOME"])).strip())  # noqa: T201
    if any((home / "bin").glob("pip*")):
        yield "pip is left in the image"
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file() and not path.is_symlink()) / 2**20
    print(f"{size:.0f} MiB above the base image")  # noqa: T201
    if size > MOST_MIB:
        yield f"it has {size:.0f} MiB, more than {MOST_MIB}"


def make_read_only(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def main() -> None:
    build, final = steps((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    if not any(step == Step("USER", f"{UID}:{UID}") for step in final):
        sys.exit(f"the image doesn't run as {UID}")
    with tempfile.TemporaryDirectory(prefix="image-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        image = Image(Path(folder) / "root")
        image.build(build)
        mistakes = list(look(image, final))
    sys.exit("\n".join(mistakes) or 0)


if __name__ == "__main__":
    main()
