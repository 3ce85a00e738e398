"""What a type checker would need: every annotation is there and names something."""

from __future__ import annotations

import inspect
import typing
import unittest
from pathlib import Path

import plinth
from plinth import _client, _connections, _errors, _generated, _live, _paging, _resource, _response, _transport, webhooks, worker

MODULES = [_client, _connections, _errors, _generated, _live, _paging, _resource, _response, _transport, webhooks, worker]


class Types(unittest.TestCase):
    def test_every_function_is_annotated_and_every_annotation_resolves(self) -> None:
        checked = 0
        for module in MODULES:
            for name, value in vars(module).items():
                if getattr(value, "__module__", None) != module.__name__:
                    continue
                functions = [value] if inspect.isfunction(value) else []
                if inspect.isclass(value):
                    typing.get_type_hints(value)
                    functions = [one for one in vars(value).values() if inspect.isfunction(one)]
                for function in functions:
                    # not what dataclasses make
                    if function.__code__.co_filename != module.__file__ or function.__name__.startswith("__"):
                        continue
                    hints = typing.get_type_hints(function)
                    for parameter in inspect.signature(function).parameters:
                        if parameter != "self":
                            self.assertIn(parameter, hints, f"{module.__name__}.{name}.{function.__name__}")
                    self.assertIn("return", hints, f"{module.__name__}.{name}.{function.__name__}")
                    checked += 1
        self.assertGreater(checked, 100)

    def test_py_typed_is_there(self) -> None:
        self.assertTrue((Path(plinth.__file__).parent / "py.typed").exists())

    def test_every_operation_is_a_method_with_its_path_parameters(self) -> None:
        client = plinth.Client("http://127.0.0.1", key="k")
        self.assertGreater(len(_generated.OPERATIONS), 60)
        for operation, route in _generated.OPERATIONS.items():
            resource, name = operation.split(".")
            signature = inspect.signature(getattr(getattr(client, resource), name))
            wanted = [part.strip("{}") for part in route.split("/") if part.startswith("{")]
            self.assertEqual(list(signature.parameters)[: len(wanted)], wanted, operation)
            self.assertIn("options", signature.parameters)

    def test_every_operation_sends_its_route(self) -> None:
        sent: typing.List[str] = []

        class Recorder:
            def send(self, method: str, path: str, **_: typing.Any) -> typing.Any:
                sent.append(f"{method} {path}")
                return {"data": [], "next_cursor": None}

        client = plinth.Client("http://127.0.0.1", key="k")
        for operation, route in _generated.OPERATIONS.items():
            resource, name = operation.split(".")
            of_resource = getattr(client, resource)
            of_resource._transport = Recorder()
            parameters = inspect.signature(getattr(of_resource, name)).parameters.values()
            needed = [one for one in parameters if one.default is inspect.Parameter.empty]
            given = {one.name: f"<{one.name}>" for one in needed}
            getattr(of_resource, name)(**given)
            self.assertEqual(sent.pop().replace("%3C", "{").replace("%3E", "}"), route, operation)

    def test_what_is_documented_is_exported(self) -> None:
        for name in ("Client", "PlinthError", "CallOptions", "Page", "Project", "Task", "webhooks", "NOT_GIVEN", "Worker", "Context", "TaskFailure"):
            self.assertTrue(hasattr(plinth, name), name)


if __name__ == "__main__":
    unittest.main()
