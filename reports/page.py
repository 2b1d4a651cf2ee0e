"""What every page is made with: templates that escape what they are given, style and script."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"


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
    for name in ("report.css", "timeline.js"):
        text = (_TEMPLATES / name).read_text(encoding="utf-8")
        environment.globals[name.replace(".", "_")] = text
    return environment
