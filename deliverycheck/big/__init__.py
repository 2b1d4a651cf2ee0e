"""Histories that are too big for memory: DuckDB finds what is suspect, the checkers judge that."""

from deliverycheck.big.judge import Judged, judge_file
from deliverycheck.big.malformed import ends_torn, is_torn
from deliverycheck.big.pack import MissingEngineError, pack, packed_path
from deliverycheck.big.size import ENGINES, JUDGED_BY_DUCKDB, Engine, engine_for

__all__ = [
    "ENGINES",
    "JUDGED_BY_DUCKDB",
    "Engine",
    "Judged",
    "MissingEngineError",
    "ends_torn",
    "engine_for",
    "is_torn",
    "judge_file",
    "pack",
    "packed_path",
]
