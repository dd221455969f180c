"""Runs a part of the state machine's definition: as much of the language as that part uses.

Counts the events that Step Functions would keep and remembers the largest thing that travelled.
An error of a function ends the run: a benchmark has no use for a retry.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jsonata

# Calls a function by its placeholder in the definition, with its payload.
Invoke = Callable[[str, Any], Any]
# Entered, scheduled, started, succeeded, exited.
EVENTS_OF_A_TASK = 5
# Entered, started, succeeded, exited; and two for each item.
EVENTS_OF_A_MAP = 4
EVENTS_OF_AN_ITEM = 2
# What only enters and exits.
EVENTS_OF_OTHERS = 2


class Unsupported(Exception):
    """The definition uses something that this runner doesn't know."""


class Ended(Exception):
    """The execution ended in a Fail state."""


@dataclass
class Tally:
    """What running took of Step Functions' limits."""

    events: int = 0
    tasks: int = 0
    largest_bytes: int = 0
    largest: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, events: int, tasks: int = 0) -> None:
        with self._lock:
            self.events += events
            self.tasks += tasks

    def saw(self, what: str, value: Any) -> None:
        """Measure a value as JSON, as it travels."""
        size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
        with self._lock:
            if size > self.largest_bytes:
                self.largest_bytes, self.largest = size, what


@dataclass
class Runner:
    """Runs states of one definition."""

    invoke: Invoke
    tally: Tally = field(default_factory=Tally)

    def run(
        self,
        states: dict[str, Any],
        start: str,
        until: str | None,
        variables: dict[str, Any],
        given: Any = None,
        context: dict[str, Any] | None = None,
    ) -> Any:
        """Run from one state until another would be entered, or to an end; gives the output.

        What states assign is in `variables` afterwards.
        """
        name: str | None = start
        scope = _Scope(variables, context or {})
        while name and name != until:
            state = states[name]
            self.tally.saw(f"input of {name}", given)
            given, name = self._step(name, state, scope, given)
        return given

    def _step(self, name: str, state: dict, scope: _Scope, given: Any) -> tuple[Any, str | None]:
        kind = state["Type"]
        if kind == "Choice":
            self.tally.count(EVENTS_OF_OTHERS)
            return self._choose(name, state, scope, given)
        if kind == "Task":
            result = self._task(name, state, scope, given)
        elif kind == "Map":
            result = self._map(name, state, scope, given)
        elif kind in ("Pass", "Succeed", "Wait"):  # nobody has to wait here
            self.tally.count(EVENTS_OF_OTHERS)
            result = given
        elif kind == "Fail":
            raise Ended(f"{name}: {scope.evaluate(state.get('Cause'), given)}")
        else:
            raise Unsupported(f"{name} is a {kind}")
        self.tally.saw(f"result of {name}", result)
        output = self._leave(name, state, scope, given, result)
        return output, state.get("Next")

    def _leave(self, name: str, state: dict, scope: _Scope, given: Any, result: Any) -> Any:
        output = scope.evaluate(state["Output"], given, result) if "Output" in state else result
        assigned = scope.evaluate(state.get("Assign", {}), given, result)
        for variable, value in assigned.items():
            self.tally.saw(f"variable {variable} of {name}", value)
        scope.variables.update(assigned)
        return output

    def _choose(self, name: str, state: dict, scope: _Scope, given: Any) -> tuple[Any, str]:
        for choice in state["Choices"]:
            if scope.evaluate(choice["Condition"], given) is True:
                return self._leave(name, choice, scope, given, given), choice["Next"]
        return self._leave(name, state, scope, given, given), state["Default"]

    def _task(self, name: str, state: dict, scope: _Scope, given: Any) -> Any:
        if state["Resource"] != "arn:aws:states:::lambda:invoke":
            raise Unsupported(f"{name} calls {state['Resource']}")
        self.tally.count(EVENTS_OF_A_TASK, tasks=1)
        arguments = scope.evaluate(state["Arguments"], given)
        self.tally.saw(f"arguments of {name}", arguments["Payload"])
        function = arguments["FunctionName"].removeprefix("${").removesuffix("}")
        return {"Payload": self.invoke(function, arguments["Payload"]), "StatusCode": 200}

    def _map(self, name: str, state: dict, scope: _Scope, given: Any) -> list[Any]:
        items = scope.evaluate(state.get("Items", "{% $states.input %}"), given)
        limit = scope.evaluate(state.get("MaxConcurrency", 0), given)
        self.tally.count(EVENTS_OF_A_MAP + EVENTS_OF_AN_ITEM * len(items))
        inner = state["ItemProcessor"]

        def run(index: int) -> Any:
            context = {"Map": {"Item": {"Index": index, "Value": items[index]}}}
            of_item = _Scope(dict(scope.variables), context)
            selector = state.get("ItemSelector", "{% $states.context.Map.Item.Value %}")
            chosen = of_item.evaluate(selector, given)
            return self.run(
                inner["States"], inner["StartAt"], None, of_item.variables, chosen, context
            )

        if not items:
            return []
        with ThreadPoolExecutor(limit or len(items)) as pool:
            return list(pool.map(run, range(len(items))))


@dataclass
class _Scope:
    """The variables that a state sees."""

    variables: dict[str, Any]
    context: dict[str, Any]

    def evaluate(self, template: Any, given: Any, result: Any = None) -> Any:
        """The template with each `{% … %}` in it replaced by its value."""
        if isinstance(template, dict):
            return {key: self.evaluate(value, given, result) for key, value in template.items()}
        if isinstance(template, list):
            return [self.evaluate(value, given, result) for value in template]
        if not (isinstance(template, str) and template.startswith("{%")):
            return template
        expression = jsonata.Jsonata(template[2:-2].strip())
        for name, value in self.variables.items():
            expression.assign(name, value)
        states = {"input": given, "result": result, "context": self.context}
        expression.assign("states", states)
        return expression.evaluate(None)
