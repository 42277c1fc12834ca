"""The commands, and the loop that reads them."""

from __future__ import annotations

import builtins
import cmd
import inspect
import re
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from types import BuiltinFunctionType
from typing import IO, Any

import graphviz  # type: ignore[import-untyped]
import numpy as np

from ..draw import draw
from ..explain import Path as ChainPath, between_nodes, explain
from ..formulas import FEW
from ..graph import Node, gradient_of, topological_order
from ..page import page
from ..parsing import FormulaError, nearest
from ..render import FAMILIES, FONT, FORMATS, RendererMissing
from ..stepper import DIRECTIONS, Stepper
from ..steps import BackwardStep, contributions
from ..tensor import Tensor
from .breakpoints import Breakpoint, at_node, at_not_finite, at_op
from .errors import CommandError
from .expressions import Names, array
from .screen import WIDTH, Screen, computed, short
from .terminal import is_terminal, own_history

__all__ = ["Prompt"]

ALIASES = {
    "n": "next", "s": "next", "step": "next", "b": "back", "u": "until", "c": "continue", "rc": "reverse",
    "l": "list", "w": "where", "p": "print", "i": "vars", "info": "vars", "g": "graph", "q": "quit", "exit": "quit",
    "h": "help",
}  # fmt: skip

GROUPS = {
    "to move": ("next", "back", "until", "goto", "finish", "reset", "film"),
    "to stop": ("break", "clear", "continue", "reverse"),
    "to look": ("list", "where", "print", "vars", "explain", "tex", "graph", "page"),
    "to change": ("set",),
    "and": ("help", "quit"),
}
"""What `help` lists, in this order."""

REPEATED = {"next", "back", "continue", "reverse", "list"}
"""What an empty line does once more: commands that move or list."""

WINDOW = 11  # steps that `list` shows at once
MOST_ROWS = 40  # of the table of nodes

DRAWN_HERE = (FAMILIES, f'fontname="{FONT}"')
"""What a drawing has near its beginning, as SVG or as DOT text: only such files are written over."""
PAGE_FROM_HERE = ('name="generator" content="stepgrad"',)

ASSIGNMENT = re.compile(r"([^\W\d][\w\[\]]*)\s*=(?!=)\s*(.*)")
SETTING = re.compile(r"(\S+?)(?:\s*=(?!=)\s*|\s+)(.+)")


class Prompt(cmd.Cmd):
    """The loop that reads commands and shows what they do to a `Stepper`; `debug` runs it.

    Args:
        stepper: the pass to step through.
        script: lines to run before any are read.
        stdin: where to read lines; None for what is typed, or piped.
        stdout: where to write.
    """

    prompt = "(bp) "

    def __init__(
        self,
        stepper: Stepper,
        script: Sequence[str] | None = None,
        *,
        stdin: IO[str] | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        self.stepper = stepper
        self.breaks: dict[int, Breakpoint] = {}
        self._numbers = count(1)  # of breakpoints
        self._listed = 0  # up to where `list` has shown the steps; 0 after a move
        self._written: set[Path] = set()
        self._script = iter(script or ())
        notebook = not isinstance(builtins.input, BuiltinFunctionType)  # notebooks ask by a function of theirs
        self._typed = stdin is None and (notebook or is_terminal(sys.stdin))
        self._reads = self._typed or stdin is not None or script is None
        self.screen = Screen(self.stdout)

    # ------------------------------------------------------------------ the loop

    def cmdloop(self, intro: Any = None) -> None:
        """Read commands and run them, until one of them or the end of the input leaves."""
        with own_history(self.complete) if self._typed else nullcontext():
            try:
                stepper, root = self.stepper, self.stepper.root
                passes = "both passes" if stepper.direction == "both" else f"the {stepper.direction} pass"
                start = f"{passes} {'to' if stepper.direction == 'forward' else 'from'} {self._value_of(root)}"
                self._say(f"> {start}: {len(stepper)} steps, help lists the commands")
                self._show()
                left = False
                while not left:
                    try:
                        line = self._next_line()
                    except KeyboardInterrupt:
                        self._say("\nq leaves")
                        continue
                    left = line is None or self.onecmd(line)
            finally:
                self._leave()

    def _next_line(self) -> str | None:
        """The next line of the script, or of the input; None at the end."""
        line = next(self._script, None)
        if line is None and self._typed:
            try:
                return input(self.prompt)
            except EOFError:
                self._say("")
                return None
        if line is None and self._reads:
            line = self.stdin.readline() or None
        if line is not None:
            self._say(f"{self.prompt}{line.strip()}".rstrip())
        return line

    def _leave(self) -> None:
        stepper = self.stepper
        changed = "numbers" if stepper.direction == "forward" else "gradients"
        if stepper.position == len(stepper):
            self._say(f"the pass is finished: its {changed} stay")
        else:
            self._say(f"left after {stepper.position} of {len(stepper)} steps: the {changed} are as they were")
            stepper.reset()

    def onecmd(self, line: str) -> bool:
        """Run one command; what goes wrong is one line, and the prompt goes on."""
        if line.lstrip().startswith("#"):
            return False
        try:
            return bool(super().onecmd(line))
        except KeyboardInterrupt:
            self._say("\nstopped")
            self._show()
        except FormulaError as error:
            self._complain(error.complaint)
        except Exception as error:
            self._complain(str(error) or type(error).__name__)
        return False

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        line = line.strip()
        if ASSIGNMENT.fullmatch(line):
            return None, None, line
        command, argument, line = super().parseline(line)
        return ALIASES.get(command or "", command), argument, line

    def default(self, line: str) -> None:
        """Complain of what is no command, with what may have been meant."""
        assignment = ASSIGNMENT.fullmatch(line)
        if assignment is not None:
            raise CommandError(f"to change a leaf, write set {' '.join(assignment.groups())}")
        word = line.split()[0]
        commands = [*ALIASES, *(name for names in GROUPS.values() for name in names)]
        hint = nearest(word, commands)
        if not hint:
            hint = f": p {line} prints it" if line in self._names else ": help lists them"
        raise CommandError(f"there is no command {word!r}{hint}")

    def emptyline(self) -> bool:
        """Move or list once more."""
        return self.onecmd(self.lastcmd) if self.parseline(self.lastcmd)[0] in REPEATED else False

    # ------------------------------------------------------------------ to move

    def do_next(self, argument: str) -> None:
        """n(ext) [N]: take the next step, or the next N; also s(tep)

        n 3    takes three steps
        """
        position, end = self.stepper.position, len(self.stepper)
        steps = _count(argument, "n 3")
        if position == end:
            raise CommandError(f"all {end} steps are taken: b goes back, q leaves")
        self._goto(min(position + steps, end))

    def do_back(self, argument: str) -> None:
        """b(ack) [N]: undo the last step, or the last N

        b 3    undoes three steps; breakpoints do not stop it
        """
        steps = _count(argument, "b 3")
        if not self.stepper.position:
            raise CommandError("no step has been taken: n takes the first")
        self._goto(max(self.stepper.position - steps, 0))

    def do_until(self, argument: str) -> None:
        """u(ntil) NAME: go to where the gradient of a node is complete, also back

        until z    the step in which z hands its gradient on comes next
        """
        self.stepper.run_to(self._node(argument, "until z"))
        self._show()

    def do_goto(self, argument: str) -> None:
        """goto K: go to where K steps have been taken

        goto 0    goes to the start, as reset does
        """
        if not argument.isdecimal():
            raise CommandError(f"goto takes a number of steps, from 0 to {len(self.stepper)}, as in goto 3")
        self._goto(int(argument))

    def do_finish(self, _argument: str) -> None:
        """finish: take all steps that are left; the gradients are then as backward() leaves them

        finish    goes to the end, whatever the breakpoints
        """
        self._goto(len(self.stepper))

    def do_reset(self, _argument: str) -> None:
        """reset: go to the start; the steps are worked out anew from what the graph holds

        reset    also after something else has changed the graph
        """
        self.stepper.reset()
        self._show()

    def do_film(self, argument: str) -> None:
        """film DIRECTION: start again with the backward pass, the forward pass, or both

        film both    the forward pass, then the backward pass
        """
        old = self.stepper
        if argument not in DIRECTIONS:
            raise CommandError(f"film takes {', '.join(DIRECTIONS)}; this is {old.direction}")
        new = Stepper(old.root, old.gradient, direction=argument, names=old.labels.names)
        old.reset()
        self.stepper = new
        self._show()

    def _goto(self, position: int) -> None:
        self.stepper.goto(position)
        self._show()

    # ------------------------------------------------------------------ to stop

    def do_break(self, argument: str) -> None:
        """break [NAME | OP | nan]: stop before the step of a node or of an operation; without argument, list

        break z      before z hands its gradient on; for a leaf, before each step that adds to its gradient
        break exp    before each exp; also by symbol, as in break *
        break nan    before a step that makes inf or nan out of finite numbers
        """
        if not argument:
            self._say(
                *(f"{i:>3}  {stop.what}" for i, stop in self.breaks.items()) if self.breaks else ["no breakpoints"]
            )
            return
        stop = self._breakpoint(argument)
        i = next(self._numbers)
        self.breaks[i] = stop
        reason = stop.reason(self.stepper)
        self._say(f"breakpoint {i}: {stop.what}{f'; {reason}' if reason else ''}")

    def _breakpoint(self, what: str) -> Breakpoint:
        if what == "nan":
            return Breakpoint("inf or nan", at_not_finite)
        with suppress(ValueError):
            node = self.stepper.find(what)
            return Breakpoint(f"node {self.stepper.labels(node)}", partial(at_node, node))
        ops = {op for node in self.stepper.nodes if (op := node.op) is not None}
        if any(what in (op.name, op.symbol) for op in ops):
            return Breakpoint(f"operation {what}", partial(at_op, what))
        names = sorted(op.name for op in ops)
        raise CommandError(f"nothing is called {what!r}: name a node, nan, or an operation: {', '.join(names)}")

    def do_clear(self, argument: str) -> None:
        """clear [N]: take away breakpoint N, or all

        clear 2    the number is what break lists
        """
        if not argument:
            self.breaks.clear()
        elif not argument.isdecimal() or int(argument) not in self.breaks:
            raise CommandError(f"there is no breakpoint {argument}: break lists them")
        else:
            del self.breaks[int(argument)]
        self.do_break("")

    def do_continue(self, _argument: str) -> None:
        """c(ontinue): go on to the next breakpoint, else to the end

        c    says which breakpoint it was
        """
        self._run(self.stepper.step, len(self.stepper))

    def do_reverse(self, _argument: str) -> None:
        """rc, reverse: go back to the breakpoint before, else to the start

        rc    as c, the other way round
        """
        self._run(self.stepper.back, 0)

    def _run(self, move: Callable[[], Any], end: int) -> None:
        """Move at least once, then on to where a breakpoint has a reason."""
        reasons: list[str] = []
        try:
            while self.stepper.position != end and not reasons:
                move()
                found = ((i, stop.reason(self.stepper)) for i, stop in self.breaks.items())
                reasons = [f"breakpoint {i}: {reason}" for i, reason in found if reason]
        except Exception:
            self._show()
            raise
        self._say(*reasons)
        self._show()

    # ------------------------------------------------------------------ to look

    def do_list(self, argument: str) -> None:
        """l(ist) [. | all]: show the steps around the next one, then those that follow

        l .      around the next step again
        l all    all steps
        """
        position, end = self.stepper.position, len(self.stepper)
        if argument not in ("", ".", "all"):
            raise CommandError(f"list takes nothing, . or all, got {argument!r}")
        if argument == "all":
            first, last = 0, end
        elif argument or not self._listed:
            first = max(0, min(position - WINDOW // 2, end - WINDOW))
            last = first + WINDOW
        else:
            first, last = self._listed, self._listed + WINDOW
        if first == end and argument != "all":
            raise CommandError("that was the end: l . shows the steps around the next one")
        for i in range(first, min(last, end)):
            self._say(*self.screen.step(self.stepper, i))
        if position == end <= last:
            self._say(self.screen.end(self.stepper))
        self._listed = min(last, end)

    def do_where(self, argument: str) -> None:
        """w(here) [NAME]: the shortest path from the root to the node of the next step, or to NAME

        where w    each edge with its local derivative
        """
        stepper, labels = self.stepper, self.stepper.labels
        node = self._node(argument, "where w") if argument or self._current is None else self._current
        between = between_nodes(stepper.root, node)
        if stepper.root not in between:
            raise CommandError(f"no derivative of {labels(stepper.root)} leads to {labels(node)}")
        path = self._path(_shortest(stepper.root, node, between))
        ways = between[stepper.root]
        which = "the only path" if ways == 1 else f"one of {ways:,} paths"
        self._say(f"{which}: {path}" if node is not stepper.root else f"{labels(node)} is where all paths begin")
        self._say(*(self.screen.folded(line, 4) for line in self._edges(path)))

    def _path(self, nodes: Sequence[Node]) -> ChainPath:
        """The way along these nodes, with what arrives at each if the first has the gradient 1."""
        amount: Any = np.ones_like(nodes[0]._data) if isinstance(nodes[0], Tensor) else 1.0
        steps = []
        for node, parent in pairwise(nodes):
            steps.append(next(x for x in contributions(node, amount, self.stepper.labels) if x.parent is parent))
            amount = steps[-1].amount
        return ChainPath(tuple(steps), amount, self.stepper.labels)

    def _edges(self, path: ChainPath) -> list[str]:
        """The local derivatives along a path; where that is not one number for each element, the operation."""
        if not isinstance(self.stepper.root, Tensor):
            return path.lines()
        return [
            str(step.factor() if step.local is not None else computed(step.node, step.labels)) for step in path.steps
        ]

    def do_print(self, argument: str) -> None:
        """p EXPR: the value of names, gradients so far, and arithmetic with them

        p z              a number or an array
        p dJ/dz          its gradient so far; also z.grad
        p w - 0.1*dJ/dw  with the functions of the table, as in p exp(-z)
        """
        if not argument:
            raise CommandError("print what? p z prints a number, p dJ/dz its gradient so far")
        value = self._names.value(argument)
        if value is None or np.size(value) <= FEW:
            self._say(f"{argument} = {short(value)}")
        else:
            self._say(f"{argument} = {short(value)}", np.array2string(value, WIDTH, 4, True, threshold=60))

    def do_vars(self, argument: str) -> None:
        """i(nfo), vars [all]: the nodes that have names, or all: value, and gradient so far

        vars    a * is where the last step changed something
        """
        stepper, labels = self.stepper, self.stepper.labels
        order = topological_order(stepper.root)[::-1]
        operands = dict.fromkeys(x for node in order for x in (*node.operands, node) if isinstance(x, Node))
        nodes = order if argument == "all" else [x for x in operands if x in labels.names]  # constants among them
        shown = nodes if argument == "all" else nodes[-MOST_ROWS:]
        rows = [("node", "value", "gradient")]
        rows += [(str(labels(x)), short(x._data), short(gradient_of(x))) for x in shown]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        changed = self._last_changed()
        for node, row in zip((None, *shown), rows, strict=True):
            mark = "*" if node in changed else " "
            line = f"{mark} {row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}"
            self._say(self.screen.ink(line, "changed") if node in changed else line)
        if len(shown) < len(nodes):
            self._say(f"and {len(nodes) - len(shown)} before these: vars all")

    def _last_changed(self) -> set[Node | None]:
        if not self.stepper.position:
            return set()
        step = self.stepper.taken[-1]
        return {node for node, _, _ in step.changes} if isinstance(step, BackwardStep) else {step.node}

    def do_explain(self, argument: str) -> None:
        """explain NAME: the whole derivative by a node, as a sum over the paths to it

        explain w    whatever steps have been taken
        """
        labels = self.stepper.labels
        node = self._node(argument, "explain w")
        text = str(explain(labels.root, node, names=labels.names))
        for line in text.splitlines():
            self._say(self.screen.folded(line.lstrip(), len(line) - len(line.lstrip())))

    def do_tex(self, _argument: str) -> None:
        r"""tex: the last step taken, as LaTeX

        tex    lines are separated by \\, as in an array or aligned
        """
        if not self.stepper.position:
            raise CommandError("no step has been taken: n takes the first")
        self._say(self.stepper.taken[-1].latex())

    def do_graph(self, argument: str) -> None:
        """g(raph) [FILE]: draw the graph with the node of the next step highlighted, by default to graph.svg

        graph z.png    a .svg, .png, .pdf, or DOT text; other people's files are not written over
        """
        labels = self.stepper.labels
        path = self._writable(argument or "graph.svg", DRAWN_HERE)
        drawing = draw(labels.root, names=labels.names, highlight=self._current)
        try:
            drawing.save(path)
        except RendererMissing as error:
            raise CommandError(f"{error}; graph {path.with_suffix('.dot')} writes DOT text") from None
        self._wrote(path, viewed=path.suffix.lower()[1:] in FORMATS)

    def do_page(self, argument: str) -> None:
        """page [FILE]: write the interactive page of both passes, by default to backprop.html

        page lecture.html    other people's files are not written over
        """
        labels = self.stepper.labels
        path = self._writable(argument or "backprop.html", PAGE_FROM_HERE)
        page(labels.root, path, names=labels.names, gradient=self.stepper.gradient)
        self._wrote(path, viewed=True)

    def _writable(self, name: str, signs: Sequence[str]) -> Path:
        """The path, unless it is a file that did not come from here."""
        path = Path(name)
        if path.exists() and path.resolve() not in self._written:
            beginning = path.read_bytes()[:2000].decode(errors="replace") if path.is_file() else ""
            if not any(sign in beginning for sign in signs):
                raise CommandError(f"{name} is there, and not from here: delete it, or name another file")
        return path

    def _wrote(self, path: Path, *, viewed: bool) -> None:
        self._written.add(path.resolve())
        self._say(f"wrote {path}")
        if viewed and self._typed and self.screen.is_terminal:
            with suppress(OSError, RuntimeError):  # no viewer: the file is there
                graphviz.view(str(path), quiet=True)

    # ------------------------------------------------------------------ to change

    def do_set(self, argument: str) -> None:
        """set NAME VALUE: give a leaf another number, compute the graph again, and stay at this step

        set w 3           a number, or an expression, as in set w w - 0.1*dJ/dw
        set b [0, 0.5]    an array of the same shape
        """
        setting = SETTING.fullmatch(argument)
        if setting is None:
            raise CommandError("set takes a leaf and its value, as in set w 3")
        stepper, root = self.stepper, self.stepper.root
        leaf, before = self._names.node(setting[1]), short(root._data)
        stepper.set(leaf, self._given(setting[2], leaf))
        after = short(root._data)
        news = f": {stepper.labels(root)} was {before}, is {after}" if after != before else ""
        self._say(f"{self._value_of(leaf)}{news}")
        self._show()

    def _given(self, text: str, leaf: Node) -> Any:
        """A number, or an array of the leaf's kind."""
        value = array(text) if text.startswith("[") else self._names.value(text)
        return np.asarray(value, leaf._data.dtype) if isinstance(leaf._data, np.ndarray) else value

    # ------------------------------------------------------------------ and

    def do_help(self, argument: str) -> None:
        """h(elp) [COMMAND]: this list, or more about a command

        help break    with examples
        """
        if argument:
            name = ALIASES.get(argument, argument)
            if not any(name in names for names in GROUPS.values()):
                raise CommandError(f"there is no command {argument!r}: help lists them")
            self._say(_help(name))
            return
        first_lines = {name: _help(name).splitlines()[0].partition(": ") for names in GROUPS.values() for name in names}
        width = max(len(usage) for usage, _, _ in first_lines.values())
        for title, names in GROUPS.items():
            self._say(title)
            for name in names:
                usage, _, summary_of_it = first_lines[name]
                self._say(f"  {usage:<{width}}  {summary_of_it}")
        self._say("an empty line moves or lists once more; help COMMAND shows examples")

    def do_quit(self, _argument: str) -> bool:
        """q(uit), exit: leave; the gradients go back to what they were, unless the pass is finished

        q    so does the end of the input
        """
        return True

    # ------------------------------------------------------------------ completion

    def completenames(self, text: str, *_ignored: Any) -> list[str]:
        return [name for names in GROUPS.values() for name in names if name.startswith(text)]

    def completedefault(self, *ignored: Any) -> list[str]:
        text, line = ignored[:2]
        return [word for word in self._words(self.parseline(line)[0]) if word.startswith(text)]

    complete_help = completenames

    def _words(self, command: str | None) -> list[str]:
        """What may follow a command."""
        labels = self.stepper.labels
        names = sorted(name for name in labels.names.values() if " " not in name)
        match command:
            case "break":
                return [*names, *sorted({op.name for node in self.stepper.nodes if (op := node.op) is not None}), "nan"]
            case "print":
                gradients = [str(labels.derivative(labels.root, labels.find(name))) for name in names]
                return [*names, *(text for text in gradients if " " not in text)]
            case "set":
                return [name for name in names if labels.find(name).op is None]
            case "until" | "where" | "explain":
                return names
            case "film":
                return list(DIRECTIONS)
            case "list" | "vars":
                return ["all"]
        return []

    # ------------------------------------------------------------------ what is shown

    @property
    def _current(self) -> Node | None:
        """The node of the next step; None at the end."""
        stepper = self.stepper
        return stepper.nodes[stepper.position] if stepper.position < len(stepper) else None

    def _show(self) -> None:
        """The step just taken, and the next one."""
        position, end = self.stepper.position, len(self.stepper)
        self._listed = 0
        if position:
            self._say(*self.screen.step(self.stepper, position - 1))
        self._say(*(self.screen.step(self.stepper, position) if position < end else [self.screen.end(self.stepper)]))

    def _value_of(self, node: Node) -> str:
        return f"{self.stepper.labels(node)} = {short(node._data)}"

    def _node(self, name: str, example: str) -> Node:
        if not name:
            raise CommandError(f"name a node, as in {example}")
        return self._names.node(name)

    @property
    def _names(self) -> Names:
        return Names(self.stepper.labels)

    def _say(self, *lines: str) -> None:
        self.screen.say(*lines)

    def _complain(self, complaint: str) -> None:
        self._say(self.screen.ink(f"*** {' '.join(complaint.split())}", "error"))


def _count(argument: str, example: str) -> int:
    """How often to move: once, or as often as typed."""
    if argument and (not argument.isdecimal() or not int(argument)):
        raise CommandError(f"how many steps is a number from 1 on, as in {example}, got {argument!r}")
    return int(argument or 1)


def _help(name: str) -> str:
    return inspect.getdoc(getattr(Prompt, f"do_{name}")) or ""


def _shortest(root: Node, target: Node, between: Mapping[Node, int]) -> list[Node]:
    """The nodes of a shortest path; `between` holds those that lead to the target."""
    users: dict[Node, Node] = {}
    waiting = deque([root])
    while target is not root and target not in users:
        node = waiting.popleft()
        for parent in node.parents:
            if parent in between and parent not in users:
                users[parent] = node
                waiting.append(parent)
    path = [target]
    while path[-1] is not root:
        path.append(users[path[-1]])
    return path[::-1]
