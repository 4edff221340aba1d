"""Where the CPU time of a process goes, by function: perf samples the machine, and what is of the process is listed."""

import os
import signal
import subprocess
import tempfile

SHARE_MIN = 0.5  # percent of the samples that a function is listed for
LINES_MAX = 60


class Profile:
    """Samples from its making until finish(). The process of interest is `pid`."""

    def __init__(self):
        self.pid = None
        handle, self.samples = tempfile.mkstemp(prefix="logpipe-profile-")
        os.close(handle)
        self.perf = subprocess.Popen(["perf", "record", "--freq=999", "--all-cpus", f"--output={self.samples}"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self):
        """@return a line a function, those with the largest shares first, or why there is no profile."""
        self.perf.send_signal(signal.SIGINT)
        _, errors = self.perf.communicate()
        report = subprocess.run(["perf", "report", "--stdio", "--quiet", "--field-separator=\t", "--sort=symbol,dso", f"--pid={self.pid}",
                                 "--percentage=relative", f"--percent-limit={SHARE_MIN}", f"--input={self.samples}"],
                                capture_output=True, text=True)
        os.unlink(self.samples)
        rows = [[field.strip() for field in line.split("\t")] for line in report.stdout.splitlines() if line.strip()]
        lines = [f"{share:>7}  {symbol.removeprefix('[.] ')}  ({where})" for share, symbol, where, *_ in rows]
        return "\n".join(lines[:LINES_MAX]) or f"no profile: {report.stderr.strip() or errors.strip()}"
