"""The metrics that docs/reference/metrics.md names, and those that a process serves, in one form."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
# Stages that show the metrics of the sinks within them.
WRAPPING_STAGES = {"router", "dead_letters"}


class DocumentedMetrics:
    """Of each metric its type, its labels, and where it is one of stages, these."""

    def __init__(self):
        self.types, self.labels, self.stages, self.problems = {}, {}, {}, []
        third = None
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            cells = [each.strip() for each in line.strip("|").split("|")]
            if cells[0] == "metric":
                third = cells[2]
            elif re.fullmatch(r"`\w+`", cells[0]):
                self._add(cells[0].strip("`"), cells[1], third, cells[2], cells[3])

    def _add(self, name, kind, third, cell, meaning):
        if name in self.types and (self.types[name] != kind or third != "stage"):
            self.problems.append(f"{name} is there twice")
        if not meaning:
            self.problems.append(f"{name} has no meaning")
        self.types[name] = kind
        if third == "stage":
            self.labels[name] = {"pump", "stage", *re.findall(r"the label `(\w+)`", meaning)}
            self.stages.setdefault(name, set()).update(re.findall(r"`(\w+)`", cell))
        else:
            self.labels[name] = {each.strip() for each in re.sub(r":.*| as above", "", cell).split(",") if each.strip()}

    def of_stage(self, stage):
        return {name for name, stages in self.stages.items() if stage in stages}

    def only_of_stages(self, these):
        return {name for name, stages in self.stages.items() if stages <= these}


class ServedMetrics:
    """The same of what was added: texts of /metrics."""

    def __init__(self, *texts):
        self.types, self.labels, self.stages = {}, {}, {}
        for text in texts:
            self.add(text)

    def add(self, text):
        for line in text.splitlines():
            if head := re.fullmatch(r"# TYPE (\w+) (\w+)", line):
                self.types[head[1]] = head[2]
            elif sample := re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line):
                self._add(sample[1], dict(re.findall(r'(\w+)="([^"]*)"', sample[2] or "")))

    def _add(self, name, labels):
        if name not in self.types:
            name = re.sub(r"_(bucket|sum|count)$", "", name)
        labels.pop("le", None)
        self.labels.setdefault(name, set()).update(labels)
        if "stage" in labels and labels["stage"] not in WRAPPING_STAGES:
            self.stages.setdefault(name, set()).add(labels["stage"])

    def of_stage(self, stage):
        """But for those that every stage has."""
        return {name for name, stages in self.stages.items() if stage in stages and not name.startswith("logpipe_stage_")}
