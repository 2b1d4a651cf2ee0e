"""What `deliverycheck check --help` teaches."""

HELP_OF_CHECK = """\
Judge recorded histories, of a run or of your own application. No broker is needed.

Each guarantee gets a verdict. ✗ violated: a proof, with the operations that show it. \
✓ holds: nothing in this history breaks it. ? unknown, with the reason. Guarantees of which \
the history says nothing (no transactions, no queue) are named in one line at the end.

deliverycheck check history.jsonl

deliverycheck check *.jsonl --guarantee at_least_once_in_effect --report out

my-exporter | deliverycheck check -

Exit code: 0 something holds and nothing is broken; 1 a guarantee is broken; 2 a file is no \
history; 3 the report or the EDN could not be written, or no room on the disk to judge in; \
4 nothing could be concluded. Of guarantees named by --guarantee one unknown is enough for 4.
"""
