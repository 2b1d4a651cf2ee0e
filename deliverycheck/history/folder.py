"""Where the parts of an execution and of a campaign lie on disk."""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFolder:
    """Paths of one execution; nothing is made until `create`."""

    root: Path

    @property
    def header(self) -> Path:
        return self.root / "header.json"

    @property
    def plan(self) -> Path:
        return self.root / "plan.json"

    @property
    def history(self) -> Path:
        return self.root / "history.jsonl"

    @property
    def verdict(self) -> Path:
        return self.root / "verdict.json"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def create(self) -> "ExecutionFolder":
        """Make the folder and its `logs`; what is there already stays."""
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def remove(self) -> None:
        """Nothing of it is left; whatever could not be removed stays and does no harm."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFolder:
    """Paths of one campaign."""

    root: Path

    @property
    def campaign(self) -> Path:
        return self.root / "campaign.json"

    @property
    def options(self) -> Path:
        return self.root / "options.json"

    @property
    def pool(self) -> Path:
        return self.root / "pool.jsonl.gz"

    @property
    def events(self) -> Path:
        return self.root / "events.ndjson"

    @property
    def executions(self) -> Path:
        return self.root / "executions"

    @property
    def violations(self) -> Path:
        return self.root / "violations"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def junit(self) -> Path:
        return self.root / "junit.xml"

    @property
    def ctrf(self) -> Path:
        return self.root / "ctrf.json"

    @property
    def trace(self) -> Path:
        return self.root / "trace.json.gz"

    @property
    def summary(self) -> Path:
        return self.root / "summary.md"

    def create(self) -> "CampaignFolder":
        """Make the campaign's folders; what is there already stays."""
        for folder in (self.executions, self.violations, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        return self
