#!/usr/bin/env python3
"""Not OpenSearch Dashboards: takes an import of saved objects as it does, refuses what is wrong, and answers a few pages."""
import email
import http.server
import json
import os
import sys
import urllib.request

TEXT_OF_JSON = {  # attributes that are JSON within a string
    "visualization": ["visState", "uiStateJSON", "kibanaSavedObjectMeta.searchSourceJSON"],
    "search": ["kibanaSavedObjectMeta.searchSourceJSON"],
    "dashboard": ["panelsJSON", "optionsJSON", "kibanaSavedObjectMeta.searchSourceJSON"],
    "index-pattern": [],
}
objects = {}
settings = {}


def attribute(attributes, path):
    for name in path.split("."):
        attributes = attributes[name]
    return attributes


def reference_names(thing):
    """The names by which an object's own JSON speaks of its references."""
    if isinstance(thing, dict):
        for name, value in thing.items():
            if name in {"panelRefName", "indexRefName"}:
                yield value
            else:
                yield from reference_names(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from reference_names(value)


def findings_of(lines):
    known = {(each["type"], each["id"]) for each in lines}
    for each in lines:
        name = f"{each['type']} {each['id']}"
        if each["type"] not in TEXT_OF_JSON:
            yield f"{name}: unknown type"
            continue
        if not each["attributes"].get("title"):
            yield f"{name}: no title"
        inner = [json.loads(attribute(each["attributes"], path)) for path in TEXT_OF_JSON[each["type"]]]
        named = {reference["name"] for reference in each["references"]}
        for reference in each["references"]:
            if (reference["type"], reference["id"]) not in known:
                yield f"{name}: {reference['type']} {reference['id']} is not there"
        for missing in set(reference_names(inner)) - named:
            yield f"{name}: no reference {missing}"
        if each["type"] == "dashboard":
            panels = inner[0]
            indexes = [panel["panelIndex"] for panel in panels]
            if len(indexes) != len(set(indexes)):
                yield f"{name}: panel indexes repeat"
            for panel in panels:
                if panel["gridData"]["x"] + panel["gridData"]["w"] > 48:
                    yield f"{name}: panel {panel['panelIndex']} is wider than the grid"


class Pages(http.server.BaseHTTPRequestHandler):
    def answer(self, status, content):
        body = json.dumps(content, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/api/status":
            return self.answer(200, {"version": {"number": "stand-in"}, "status": {"overall": {"state": "green"}}})
        if self.path.startswith("/api/saved_objects/_find"):
            return self.answer(200, {"total": len(objects), "saved_objects": list(objects.values())})
        if self.path == "/api/opensearch-dashboards/settings":
            return self.answer(200, {"settings": {name: {"userValue": value} for name, value in settings.items()}})
        return self.answer(404, {"statusCode": 404, "message": "Not Found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.headers.get("osd-xsrf"):
            return self.answer(400, {"statusCode": 400, "message": "Request must contain a osd-xsrf header."})
        if self.path == "/api/opensearch-dashboards/settings":
            settings.update(json.loads(body)["changes"])
            return self.answer(200, {"settings": {}})
        if self.path != "/api/saved_objects/_import?overwrite=true":
            return self.answer(404, {"statusCode": 404, "message": "Not Found"})
        form = email.message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        file = form.get_payload()[0]
        if not file.get_filename("").endswith(".ndjson"):
            return self.answer(400, {"statusCode": 400, "message": "Invalid file extension"})
        try:
            lines = [json.loads(line) for line in file.get_payload(decode=True).decode().splitlines()]
            found = list(findings_of(lines))
        except (ValueError, KeyError, TypeError) as problem:
            lines, found = [], [repr(problem)]
        if found:
            print(f"level=error msg=\"import refused\" why=\"{found}\"")
            return self.answer(200, {"success": False, "successCount": 0, "errors": found})
        objects.update({f"{each['type']}:{each['id']}": each for each in lines})
        print(f"level=info msg=\"imported\" objects={len(lines)}")
        return self.answer(200, {"success": True, "successCount": len(lines)})

    def log_message(self, format, *arguments):
        print(f"level=info msg=\"request\" what=\"{format % arguments}\"")


hosts = json.loads(os.environ["OPENSEARCH_HOSTS"])
with urllib.request.urlopen(hosts[0], timeout=10) as reply:
    print(f"level=info msg=\"connected\" opensearch={json.load(reply)['version']['number']}")
if os.environ.get("DISABLE_SECURITY_DASHBOARDS_PLUGIN") != "true" and hosts[0].startswith("http:"):
    sys.exit("level=error msg=\"the security plugin wants https\"")
http.server.ThreadingHTTPServer(("", 5601), Pages).serve_forever()
