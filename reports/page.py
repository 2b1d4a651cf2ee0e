"""What every page is made with: templates that escape what they are given, style and script."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = (
    "page.js",
    "filter.js",
    "columns.js",
    "view.js",
    "drawing.js",
    "strips.js",
    "timeline.js",
)
"""In the order in which one needs another."""


@cache
def environment() -> Environment:
    """The templates, with the text of what a page holds in itself."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = "\n" + "".join(_text(name).replace('"use strict";\n', "") for name in _SCRIPTS)
    script = '\n"use strict";' + script
    environment.globals["style"] = _text("report.css")
    environment.globals["script"] = script
    environment.globals["script_hash"] = _hash(script)
    environment.globals["embedded"] = embedded
    return environment


def rendered(template: str, **told: object) -> str:
    """A page of one of the templates: one file that asks no network for anything."""
    return environment().get_template(template).render(**told)


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """What the page's policy names: no other script runs, whatever a history brings."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def embedded(json: str) -> str:
    """JSON as the text of a script element, which nothing in it can end."""
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
