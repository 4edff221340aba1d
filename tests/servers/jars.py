"""The servers' jars, from Maven Central by `mvn`, once, in build/servers/ of the tree.

Each set is a folder with a stamp of what it was made from; another version in the pom file makes it anew. A lock keeps
tests that run side by side from fetching at the same time.
"""

import contextlib
import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build" / "servers"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
PAUSES_SECONDS = (5, 20, None)  # after each attempt: a registry may fail for a moment
FETCH_SECONDS_MAX = 900


class Missing(Exception):
    """The jars could not be had; says why."""


def _maven(folder, *arguments):
    command = ["mvn", "-B", "-q", "-f", folder / "pom.xml", *arguments]
    for pause in PAUSES_SECONDS:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=FETCH_SECONDS_MAX, check=False)
        except FileNotFoundError:
            raise Missing("mvn is not installed: scripts/setup.sh --tests") from None
        except subprocess.TimeoutExpired:
            raise Missing(f"mvn did not end within {FETCH_SECONDS_MAX} s: {arguments}") from None
        if done.returncode == 0:
            return
        if pause is not None:
            print(f"mvn failed: again in {pause} s", file=sys.stderr, flush=True)
            time.sleep(pause)
    raise Missing(f"mvn {' '.join(map(str, arguments))}:\n{(done.stdout + done.stderr)[-3000:]}")


def _compile(source, folder):
    """Into a jar of its own. The compiler is part of every Java runtime of Debian; its program javac is not."""
    classes = folder / "classes"
    class_path = ":".join(map(str, sorted((folder / "lib").glob("*.jar"))))
    done = subprocess.run(["java", "-m", "jdk.compiler/com.sun.tools.javac.Main", "-cp", class_path, "-d", classes, source],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"{source.name} does not compile:\n{done.stdout}{done.stderr}")
    with zipfile.ZipFile(folder / "lib" / f"{source.stem}.jar", "w") as jar:
        for path in classes.iterdir():
            jar.write(path, path.name)


def _make(name, folder):
    copy = ("-DincludeScope=runtime", "-DincludeTypes=jar", f"-DoutputDirectory={folder / 'lib'}")
    profile = ("-Dsecurity",) if name == "opensearch-secure" else ()
    _maven(folder, *profile, f"{PLUGIN}:copy-dependencies", *copy)
    if profile:
        _maven(folder, *profile, f"{PLUGIN}:unpack-dependencies", "-DincludeTypes=zip", f"-DoutputDirectory={folder / 'plugin'}")
    if name != "kafka":
        _compile(HERE / "OpenSearchNode.java", folder)


@contextlib.contextmanager
def _locked():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetched(name):
    """The folder of `kafka`, `opensearch` or `opensearch-secure`, with its jars in lib/. Fetches what is not there."""
    inputs = [HERE / f"{name.split('-')[0]}.pom.xml", pathlib.Path(__file__)]
    if name != "kafka":
        inputs.append(HERE / "OpenSearchNode.java")
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    folder = FOLDER / name
    with _locked():
        if (folder / "stamp").is_file() and (folder / "stamp").read_text(encoding="ascii") == stamp:
            return folder
        print(f"fetching {name} from Maven Central", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(inputs[0], folder / "pom.xml")
        _make(name, folder)
        (folder / "stamp").write_text(stamp, encoding="ascii")
    return folder


def class_path(name):
    return f"{fetched(name) / 'lib'}/*"
