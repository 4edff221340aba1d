#!/usr/bin/env python3
"""Not Grafana: reads what is provisioned to it as Grafana does, refuses to start where that is wrong, and answers a few pages."""
import glob
import http.server
import json
import os
import sys

import yaml

PROVISIONING = os.environ.get("GF_PATHS_PROVISIONING", "/etc/grafana/provisioning")
PANEL_TYPES = {"timeseries", "logs", "stat", "bargauge", "barchart", "piechart", "table", "row", "text"}
findings = []


def check(right, finding):
    if not right:
        findings.append(finding)
    return right


def provisioned(folder):
    for path in sorted(glob.glob(f"{PROVISIONING}/{folder}/*.y*ml")):
        with open(path, encoding="utf-8") as file:
            text = os.path.expandvars(file.read())
        check("$" not in text, f"{path}: a variable is not set")
        content = yaml.safe_load(text)
        check(content.get("apiVersion") == 1, f"{path}: apiVersion is not 1")
        yield path, content


def datasource_ids(thing):
    """Every data source that a dashboard names, wherever it does."""
    if isinstance(thing, dict):
        source = thing.get("datasource")
        if isinstance(source, dict):
            yield source.get("uid")
        elif source is not None:
            yield source
        for value in thing.values():
            yield from datasource_ids(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from datasource_ids(value)


def check_dashboard(path, known):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    check(dashboard.get("title") and dashboard.get("uid"), f"{path}: no title or no uid")
    check(isinstance(dashboard.get("schemaVersion"), int), f"{path}: no schemaVersion")
    panels = dashboard["panels"]
    ids = [panel["id"] for panel in panels]
    check(len(ids) == len(set(ids)), f"{path}: panel ids repeat")
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        check(panel["type"] in PANEL_TYPES, f"{path}: panel type {panel['type']}")
        check(0 <= place["x"] and place["x"] + place["w"] <= 24, f"{path}: {panel['title']} is wider than the grid")
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        check(not cells & taken, f"{path}: {panel['title']} lies over another panel")
        taken |= cells
        check(panel["type"] in {"row", "text"} or panel.get("targets"), f"{path}: {panel['title']} asks nothing")
    for source in datasource_ids(dashboard):
        check(source in known, f"{path}: unknown data source {source}")
    return dashboard


datasources = []
dashboards = []
for place, content in provisioned("datasources"):
    for source in content["datasources"]:
        check({"name", "uid", "type", "url", "access"} <= source.keys(), f"{place}: a data source is not complete")
        datasources.append(source)
for place, content in provisioned("dashboards"):
    for provider in content["providers"]:
        found = sorted(glob.glob(provider["options"]["path"] + "/**/*.json", recursive=True))
        check(found, f"{place}: no dashboard in {provider['options']['path']}")
        dashboards += [check_dashboard(path, {each["uid"] for each in datasources}) for path in found]
home = os.environ.get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")
check(not home or os.path.exists(home), f"no home dashboard {home}")
if findings:
    print("level=error msg=\"provisioning\"", *findings, sep="\n")
    sys.exit(1)
print(f"level=info msg=\"provisioned\" datasources={len(datasources)} dashboards={len(dashboards)}")


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {
            "/api/health": {"database": "ok", "version": "stand-in", "commit": ""},
            "/api/datasources": datasources,
            "/api/search": [{"uid": each["uid"], "title": each["title"], "type": "dash-db"} for each in dashboards],
        }
        answer = answers.get(self.path.split("?")[0])
        body = json.dumps({"message": "Not found"} if answer is None else answer).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        print(f"level=info msg=\"request\" what=\"{format % arguments}\"")


http.server.ThreadingHTTPServer(("", 3000), Pages).serve_forever()
