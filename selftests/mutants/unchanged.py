"""Nothing may change under a run: a file half written would find every mutant."""


class Unchanged:
    """What these files are now; tells later which of them is another one."""

    def __init__(self, folders):
        self._folders = folders
        self._known = self._stamps()

    def other(self):
        """A file that came, went or changed, or ``None``."""
        now = self._stamps()
        changed = {path for path, _ in self._known.items() ^ now.items()}
        return min(changed) if changed else None

    def _stamps(self):
        return {
            path: (found.st_mtime_ns, found.st_size)
            for folder in self._folders
            for ending in ("*.py", "*.jsonl")
            for path in folder.rglob(ending)
            for found in [path.stat()]
        }
