#!/usr/bin/env python3
"""Asks the stack's real servers what the dashboards would ask them, and whether each line is in the index once.

Usage: ask.py panels LOKI_URL DASHBOARD.json             every panel's LogQL returns data
       ask.py visualizations OPENSEARCH_URL OBJECTS      every visualization's and search's query returns data
       ask.py components LOKI_URL NAME…                  Loki holds lines of each component
       ask.py serials OPENSEARCH_URL MADE.jsonl          the serial oracle: each made line is one document, unchanged

Exit status 1 when anything is missing; each answer has its line.
"""
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import oracle  # noqa: E402

VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}|\$(\w+)")
TIMES = {"__interval": "1m", "__auto": "5m", "__range": "1h", "__rate_interval": "5m"}


def get(url, body=None):
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"},
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as problem:
        raise SystemExit(f"{url}: HTTP {problem.code}: {problem.read(500)!r}") from None


class Findings:
    def __init__(self):
        self.missing = 0
        self.asked = 0

    def note(self, what, count):
        self.asked += 1
        self.missing += not count
        print(f"{'ok  ' if count else 'MISSING'} {what}: {count}")


def loki(base, expression, instant=False):
    now = int(time.time())
    asked = {"query": expression, "time": now} if instant else {
        "query": expression, "start": now - 3600, "end": now, "step": 60, "limit": 100}
    page = "query" if instant else "query_range"
    return get(f"{base}/loki/api/v1/{page}?{urllib.parse.urlencode(asked)}")["data"]["result"]


def panels(found, base, path):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    values = dict(TIMES)
    for variable in dashboard["templating"]["list"]:
        values[variable["name"]] = variable.get("allValue", "")
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = VARIABLE.sub(lambda name: values[name[1] or name[2]], target["expr"])
            result = loki(base, expression, target["queryType"] == "instant")
            found.note(f"{panel['title']}: {expression}", len(result))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            name = variable["query"]["label"]
            found.note(f"values of label {name}", len(get(f"{base}/loki/api/v1/label/{name}/values").get("data", [])))


def components(found, base, *names):
    for name in names:
        found.note(f"lines of {name}", len(loki(base, f'{{topic="{name}", service="{name}", stream=~"stdout|stderr"}}')))


def aggregation(each):
    params, field = each["params"], each["params"].get("field")
    kind = each["type"]
    if kind in ("sum", "cardinality"):
        return {kind: {"field": field}}
    if kind == "terms":
        return {"terms": {"field": field, "size": params["size"]}}
    if kind == "date_histogram":
        return {"date_histogram": {"field": field, "fixed_interval": "1m", "min_doc_count": 1}}
    if kind == "filters":
        return {"filters": {"filters": {
            each["label"]: {"query_string": {"query": each["input"]["query"]}} for each in params["filters"]}}}
    raise SystemExit(f"ask.py cannot run an aggregation {kind}")


def has_data(answer):
    """A number that is not 0, or a bucket that holds something."""
    if "buckets" not in answer:
        return bool(answer["value"])
    buckets = answer["buckets"]
    return any(bucket["doc_count"] for bucket in (buckets.values() if isinstance(buckets, dict) else buckets))


def visualizations(found, base, path):
    with open(path, encoding="utf-8") as file:
        objects = [json.loads(line) for line in file]
    index = {each["id"]: each["attributes"]["title"] for each in objects if each["type"] == "index-pattern"}
    for each in objects:
        if each["type"] not in ("visualization", "search"):
            continue
        attributes = each["attributes"]
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert source["query"]["language"] == "lucene"
        query = source["query"]["query"]
        body = {"size": 100, "track_total_hits": True,
                "query": {"query_string": {"query": query}} if query else {"match_all": {}}}
        if each["type"] == "search":
            body["sort"] = [{name: order} for name, order in attributes["sort"]]
            body["docvalue_fields"] = attributes["columns"]
        else:
            asked = [one for one in json.loads(attributes["visState"])["aggs"] if one["type"] != "count"]
            metrics = {one["id"]: aggregation(one) for one in asked if one["schema"] == "metric"}
            nested = metrics
            for one in reversed([one for one in asked if one["schema"] != "metric"]):
                nested = {one["id"]: {**aggregation(one), **({"aggs": nested} if nested else {})}}
            body["aggs"] = nested
        pattern = urllib.parse.quote(index[each["references"][0]["id"]])
        answer = get(f"{base}/{pattern}/_search", body)
        hits = answer["hits"]["total"]["value"]
        filled = all(has_data(one) for one in answer.get("aggregations", {}).values())
        if each["type"] == "search":
            # The newest may be of another kind, as the line of a log driver, and have none of the columns.
            filled = any(set(hit.get("fields", {})) == set(attributes["columns"]) for hit in answer["hits"]["hits"])
        found.note(f"{attributes['title']} ({query or 'all'})", hits if filled else 0)


def documents_with_serial(base):
    get(f"{base}/nginx-logs/_refresh", {})
    page = get(f"{base}/nginx-logs/_search?scroll=2m", {"size": 5000, "sort": ["_doc"], "_source": ["event", "serial"]})
    while page["hits"]["hits"]:
        yield from (hit["_source"] for hit in page["hits"]["hits"] if "serial" in hit["_source"])
        page = get(f"{base}/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]})


def serials(found, base, path):
    with open(path, encoding="utf-8") as lines:
        expected = {record["serial"]: oracle.digest(record) for record in map(json.loads, lines)}
    try:
        oracle.prove(documents_with_serial(base), expected)
    except oracle.Failed as problem:
        print(problem)
        found.note("every serial once", 0)
    else:
        found.note("every serial once", len(expected))


findings = Findings()
{"panels": panels, "components": components, "visualizations": visualizations, "serials": serials}[sys.argv[1]](
    findings, *sys.argv[2:])
sys.exit(bool(findings.missing) or not findings.asked)
