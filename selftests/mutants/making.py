"""The mutants of a file: mutmut's operators at every place where a checker decides something.

mutmut's own run leaves functions with decorators alone, which here are the indexes that all
checkers look things up in. So only its operators are used; a mutant is the text of a whole file.
"""

from collections import Counter
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# A call of these that lost its argument raises, whatever the tests.
_UNINTERESTING_CALLS = {"len", "isinstance"}
_NO_CODE = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
_MODULE = "(module)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One file with one defect.

    Attributes:
        file: path below `deliverycheck/guarantees/`.
        function: with its class; ``(module)`` outside of any.
        before, after: the changed lines, without their indentation: the line's number may move.
        number: from 1, among equal changes in one function.
        node: the code that was changed, without its surroundings.
        line: where it is now.
        text: the whole file.
    """

    file: str
    function: str
    before: str
    after: str
    number: int
    node: str
    line: int
    text: str = field(repr=False)

    @property
    def key(self):
        """What names it in lists: no line number."""
        return (self.file, self.function, self.before, self.after, self.number)


def mutants_of(file, text):
    """All mutants of the text of `file`, in the order of the file."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    module, places = wrapper.module, _Places()
    wrapper.visit(places)
    head = "".join(module.code_for_node(line) for line in module.header)
    parts = [module.code_for_node(statement) for statement in module.body]
    seen = Counter()
    for top, function, line, node, changed in places.found:
        part = module.code_for_node(module.body[top].visit(_Replacing(node, changed)))
        before, after = _difference(parts[top], part)
        mutated = "".join([head, *parts[:top], part, *parts[top + 1 :]])
        seen[function, before, after] += 1
        if _compiles(mutated):
            yield Mutant(
                file=file,
                function=function,
                before=before,
                after=after,
                number=seen[function, before, after],
                node=module.code_for_node(node).strip(),
                line=line,
                text=mutated,
            )


def _compiles(text):
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _difference(text, mutated):
    """The lines that differ, of each."""
    old, new = text.splitlines(), mutated.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return tuple("\n".join(line.strip() for line in lines) for lines in (old, new))


class _Replacing(cst.CSTTransformer):
    """Puts one node in the place of another."""

    def __init__(self, node, changed):
        super().__init__()
        self._node, self._changed = node, changed

    def on_visit(self, node):
        return node is not self._node

    def on_leave(self, original_node, updated_node):
        return self._changed if original_node is self._node else updated_node


class _Places(cst.CSTVisitor):
    """Every change of every node but of those that decide nothing at run time."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self):
        super().__init__()
        self.found = []
        self._names, self._top, self._body = [], 0, ()
        self._bases = set()

    def on_visit(self, node):
        if isinstance(node, cst.Module):
            self._body = {id(statement): number for number, statement in enumerate(node.body)}
        self._top = self._body.get(id(node), self._top)
        if self._is_passed_over(node):
            return False
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._names.append(node.name.value)
        if isinstance(node, cst.ClassDef):
            # What a class is made of is for the type checker.
            self._bases |= {id(base) for base in (*node.bases, *node.keywords)}
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self._add(node, operator(node))
        return True

    def on_leave(self, original_node):
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self._names.pop()

    def _add(self, node, changes):
        position = self.get_metadata(PositionProvider, node, None)
        line = position.start.line if position else 0
        function = ".".join(self._names) or _MODULE
        self.found += [(self._top, function, line, node, changed) for changed in changes]

    def _is_passed_over(self, node):
        if isinstance(node, _NO_CODE) or id(node) in self._bases:
            return True
        return (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Name)
            and node.func.value in _UNINTERESTING_CALLS
        )
