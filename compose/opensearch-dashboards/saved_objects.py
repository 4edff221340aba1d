#!/usr/bin/env python3
"""Writes saved-objects.ndjson, which OpenSearch Dashboards imports: its objects hold JSON as text within JSON, which nobody
should edit by hand.

Usage: compose/opensearch-dashboards/saved_objects.py > compose/opensearch-dashboards/saved-objects.ndjson
"""
import json

INDEX = "nginx-logs"
DATE = {"enabled": True, "type": "date_histogram", "schema": "segment", "params": {
    "field": "@timestamp", "useNormalizedOpenSearchInterval": True, "interval": "auto", "drop_partials": False,
    "min_doc_count": 1, "extended_bounds": {}}}
ERRORS = "event.response:>=400"


def text(value):
    return json.dumps(value, separators=(",", ":"))


def search_source(query=""):
    return {"searchSourceJSON": text({
        "query": {"query": query, "language": "lucene"}, "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index"})}


INDEX_REFERENCE = {"name": "kibanaSavedObjectMeta.searchSourceJSON.index", "type": "index-pattern", "id": INDEX}


def metric(kind, field=None, label=None):
    params = {}
    if field:
        params["field"] = field
    if label:
        params["customLabel"] = label
    return {"enabled": True, "type": kind, "schema": "metric", "params": params}


def terms(field, size, label, schema="segment", order_by="1"):
    return {"enabled": True, "type": "terms", "schema": schema, "params": {
        "field": field, "size": size, "orderBy": order_by, "order": "desc", "otherBucket": False,
        "otherBucketLabel": "other", "missingBucket": False, "missingBucketLabel": "missing", "customLabel": label}}


def filters(named):
    return {"enabled": True, "type": "filters", "schema": "group", "params": {"filters": [
        {"input": {"query": query, "language": "lucene"}, "label": label} for label, query in named]}}


def axes(kind, value_title, stacked=True, horizontal=False):
    """What the vislib charts need: one category axis, one value axis, one series."""
    return {
        "type": kind, "grid": {"categoryLines": False}, "addTooltip": True, "addLegend": True,
        "legendPosition": "right", "times": [], "addTimeMarker": False, "labels": {"show": False},
        "thresholdLine": {"show": False, "value": 10, "width": 1, "style": "full", "color": "#E7664C"},
        "categoryAxes": [{
            "id": "CategoryAxis-1", "type": "category", "position": "left" if horizontal else "bottom", "show": True,
            "scale": {"type": "linear"}, "labels": {"show": True, "filter": not horizontal, "truncate": 100},
            "title": {}, "style": {}}],
        "valueAxes": [{
            "id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "position": "bottom" if horizontal else "left",
            "show": True, "scale": {"type": "linear", "mode": "normal"}, "style": {},
            "labels": {"show": True, "rotate": 0, "filter": horizontal, "truncate": 100},
            "title": {"text": value_title}}],
        "seriesParams": [{
            "show": True, "type": kind if kind in ("area", "histogram", "line") else "histogram",
            "mode": "stacked" if stacked else "normal", "data": {"label": value_title, "id": "1"},
            "valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": True, "lineWidth": 2, "showCircles": True}]}


TABLE = {"perPage": 10, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False,
         "totalFunc": "sum", "percentageCol": ""}
NUMBERS = {"addTooltip": True, "addLegend": False, "type": "metric", "metric": {
    "percentageMode": False, "useRanges": False, "colorSchema": "Green to Red", "metricColorMode": "None",
    "colorsRange": [{"from": 0, "to": 10000}], "labels": {"show": True}, "invertColors": False,
    "style": {"bgFill": "#000", "bgColor": False, "labelColor": False, "subText": "", "fontSize": 32}}}
PIE = {"type": "pie", "addTooltip": True, "addLegend": True, "legendPosition": "right", "isDonut": True,
       "labels": {"show": True, "values": True, "last_level": True, "truncate": 100}}
CLASSES = [("2xx", "event.response:[200 TO 299]"), ("3xx", "event.response:[300 TO 399]"),
           ("4xx", "event.response:[400 TO 499]"), ("5xx", "event.response:[500 TO 599]")]

# id, title, kind, params, aggregations, query; then the place on the dashboard: x, y, width, height of a grid of 48.
VISUALIZATIONS = [
    ("nginx-numbers", "Requests, clients, bytes", "metric", NUMBERS,
     [metric("count", label="requests"), metric("cardinality", "event.remote_ip", "clients"),
      metric("sum", "event.bytes", "bytes")], "", (0, 0, 24, 8)),
    ("nginx-errors", "Errors by request", "table", TABLE,
     [metric("count", label="errors"), terms("event.request", 10, "request", "bucket"),
      terms("event.response", 5, "status", "bucket")], ERRORS, (24, 0, 24, 16)),
    ("nginx-status-codes", "Status codes over time", "histogram", axes("histogram", "requests"),
     [metric("count", label="requests"), DATE, filters(CLASSES)], "", (0, 8, 24, 16)),
    ("nginx-errors-over-time", "Errors over time", "line", axes("line", "errors", stacked=False),
     [metric("count", label="errors"), DATE, terms("event.response", 5, "status", "group")], ERRORS, (24, 16, 24, 12)),
    ("nginx-data-volume", "Data volume", "area", axes("area", "bytes"),
     [metric("sum", "event.bytes", "bytes"), DATE], "", (0, 24, 24, 12)),
    ("nginx-regions", "Regions", "pie", PIE,
     [metric("count"), terms("fields.region", 10, "region")], "", (24, 28, 24, 12)),
    ("nginx-top-requests", "Top requests", "horizontal_bar", axes("histogram", "requests", horizontal=True),
     [metric("count", label="requests"), terms("event.request", 10, "request")], "", (0, 36, 24, 16)),
    ("nginx-top-ips", "Top clients", "table", TABLE,
     [metric("count", label="requests"), metric("sum", "event.bytes", "bytes"),
      terms("event.remote_ip", 10, "client", "bucket")], "", (24, 40, 24, 16)),
]


def visualization(identifier, title, kind, params, aggregations, query):
    numbered = [{"id": str(place), **each} for place, each in enumerate(aggregations, 1)]
    return {
        "type": "visualization", "id": identifier, "migrationVersion": {"visualization": "7.10.0"},
        "attributes": {
            "title": title, "description": "", "version": 1, "uiStateJSON": "{}",
            "visState": text({"title": title, "type": kind, "params": params, "aggs": numbered}),
            "kibanaSavedObjectMeta": search_source(query)},
        "references": [INDEX_REFERENCE]}


SAVED_SEARCH = {
    "type": "search", "id": "nginx-lines", "migrationVersion": {"search": "7.9.3"},
    "attributes": {
        "title": "Requests, newest first", "description": "", "version": 1, "sort": [["@timestamp", "desc"]],
        "columns": ["event.remote_ip", "event.request", "event.response", "event.bytes", "fields.region"],
        "kibanaSavedObjectMeta": search_source()},
    "references": [INDEX_REFERENCE]}

PANELS = [("visualization", identifier, place) for identifier, *_, place in VISUALIZATIONS]
PANELS.append(("search", "nginx-lines", (0, 56, 48, 20)))

DASHBOARD = {
    "type": "dashboard", "id": "nginx-logs", "migrationVersion": {"dashboard": "7.9.3"},
    "attributes": {
        "title": "nginx-logs", "description": "What logpipe indexed: nginx access logs", "version": 1, "hits": 0,
        "optionsJSON": text({"hidePanelTitles": False, "useMargins": True}),
        "panelsJSON": text([{
            "version": "2.9.0", "panelIndex": str(number), "embeddableConfig": {}, "panelRefName": f"panel_{number}",
            "gridData": {"x": x, "y": y, "w": w, "h": h, "i": str(number)}}
            for number, (_, _, (x, y, w, h)) in enumerate(PANELS)]),
        # @timestamp is when logpipe took the line, so the newest hours hold what was just produced.
        "timeRestore": True, "timeFrom": "now-24h", "timeTo": "now",
        "refreshInterval": {"pause": False, "value": 10000},
        "kibanaSavedObjectMeta": {"searchSourceJSON": text(
            {"query": {"query": "", "language": "kuery"}, "filter": []})}},
    "references": [{"name": f"panel_{number}", "type": kind, "id": identifier}
                   for number, (kind, identifier, _) in enumerate(PANELS)]}

# Its fields are read from the index when it is first opened.
INDEX_PATTERN = {
    "type": "index-pattern", "id": INDEX, "migrationVersion": {"index-pattern": "7.6.0"},
    "attributes": {"title": "nginx-logs*", "timeFieldName": "@timestamp"}, "references": []}

for each in [INDEX_PATTERN, *(visualization(*row[:-1]) for row in VISUALIZATIONS), SAVED_SEARCH, DASHBOARD]:
    print(text(each))
