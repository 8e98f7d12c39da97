"""Examples for the API's document, made from those that the shapes carry.

A shape carries its own (`shown({...})` in `hub.web.fields`, or `examples` of a field); lists, pages
and shapes of shapes are put together from their parts. What cannot be made is named in `missing`,
and a test fails for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

METHODS: Final = ("get", "put", "post", "patch", "delete")
JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
CURL_FIELD: Final = "x-codeSamples"
_OF_FORMAT: Final = {"date-time": "2026-04-10T18:30:00+09:00", "date": "2026-04-10"}
_IN_BRACES: Final = re.compile(r"\{(\w+)\}")


class NoExampleError(Exception):
    """A schema holds a part that has no example; the text says which."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Makes the examples of one OpenAPI document, in place."""

    document: dict[str, Any]
    missing: list[str] = field(default_factory=list)

    def fill_in(self) -> list[str]:
        """Give every operation examples of its body, its answers and its parameters, and a curl
        line; tell where none could be made."""
        for schema in self.document["components"]["schemas"].values():
            if "examples" in schema:
                schema["examples"] = [self.with_nulls(one, schema) for one in schema["examples"]]
        for where, _, operation in self._operations():
            self._bodies(where, operation)
            self._answers(where, operation)
        for where, path, operation in self._operations():
            self._parameters(where, path, operation)
        for where, path, operation in self._operations():
            sample = _curl(where.split()[0], path, operation)
            operation[CURL_FIELD] = [{"lang": "Shell", "label": "curl", "source": sample}]
        return self.missing

    def _operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield f"{method.upper()} {path}", path, item[method]

    # --- bodies and answers ----------------------------------------------------------------

    def _bodies(self, where: str, operation: dict[str, Any]) -> None:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            self._show(f"{where}: body", content)

    def _answers(self, where: str, operation: dict[str, Any]) -> None:
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values():
                if status.startswith("2") or "schema" in content:
                    self._show(f"{where}: {status}", content)

    def _show(self, where: str, content: dict[str, Any]) -> None:
        if "example" in content or "examples" in content:
            return
        try:
            content["example"] = self.of(content.get("schema", {}))
        except NoExampleError as error:
            self.missing.append(f"{where}: {error}")

    # --- parameters ------------------------------------------------------------------------

    def _parameters(self, where: str, path: str, operation: dict[str, Any]) -> None:
        for parameter in operation.get("parameters", ()):
            if "example" in parameter or "examples" in parameter:
                continue
            try:
                parameter["example"] = self._of_parameter(path, operation, parameter)
            except NoExampleError as error:
                if parameter.get("required"):
                    self.missing.append(f"{where}: {parameter['name']}: {error}")

    def _of_parameter(self, path: str, operation: dict[str, Any], parameter: dict[str, Any]) -> Any:
        try:
            return self.of(parameter["schema"])
        except NoExampleError:
            if parameter["in"] != "path":
                raise
        answered = _row_of(_success_example(operation))
        if parameter["name"] in answered:
            return answered[parameter["name"]]
        return self._named_before(path, parameter["name"])

    def _named_before(self, path: str, name: str) -> Any:
        """The id of what the path names so far: that of the first that the collection before it
        lists, or of what the path itself answers."""
        head = path[: path.index(f"{{{name}}}")].rstrip("/")
        upto = f"{head}/{{{name}}}"
        for other, item in self.document["paths"].items():
            shape = _IN_BRACES.sub("{}", other)
            if shape not in (_IN_BRACES.sub("{}", head), _IN_BRACES.sub("{}", upto)):
                continue
            for method in METHODS:
                row = _row_of(_success_example(item.get(method, {})))
                for key in (name, "id"):
                    if key in row:
                        return row[key]
        raise NoExampleError(f"nothing under {head} answers with an id")

    # --- from a schema ---------------------------------------------------------------------

    def of(self, schema: Mapping[str, Any], where: str = "") -> Any:
        """Give an example of a schema; raise `NoExampleError`."""
        if schema.get("examples"):
            return self.with_nulls(schema["examples"][0], schema)
        if "example" in schema:
            return schema["example"]
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            return self.of(self.document["components"]["schemas"][name], where or name)
        for fixed in ("const", "default"):
            if schema.get(fixed) is not None:
                return schema[fixed]
        if schema.get("enum"):
            return schema["enum"][0]
        if "anyOf" in schema:
            return self._of_any(schema["anyOf"], where)
        return self._of_type(schema, where)

    def with_nulls(self, example: Any, schema: Mapping[str, Any]) -> Any:
        """Give a shape's own example whole: the framework leaves every null out of its document,
        so that what a shape demands and an example lacks was null."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            return self.with_nulls(example, self.document["components"]["schemas"][name])
        if "anyOf" in schema and example is not None:
            shapes = [one for one in schema["anyOf"] if one.get("type") != "null"]
            return self.with_nulls(example, shapes[0]) if len(shapes) == 1 else example
        if isinstance(example, list) and "items" in schema:
            return [self.with_nulls(one, schema["items"]) for one in example]
        if not isinstance(example, dict) or "properties" not in schema:
            return example
        demanded = schema.get("required", ())
        return {
            name: self.with_nulls(example.get(name), inner)
            for name, inner in schema["properties"].items()
            if name in example or name in demanded
        } | {name: value for name, value in example.items() if name not in schema["properties"]}

    def _of_any(self, options: list[dict[str, Any]], where: str) -> Any:
        for option in options:
            if option.get("type") != "null":
                return self.of(option, where)
        return None

    def _of_type(self, schema: Mapping[str, Any], where: str) -> Any:
        kind = schema.get("type")
        if kind == "array" and "items" in schema:
            return [self.of(schema["items"], where)]
        if kind == "object" and "properties" in schema:
            return {
                name: self.of(inner, f"{where}.{name}")
                for name, inner in schema["properties"].items()
            }
        if kind == "boolean":
            return True
        if schema.get("format") in _OF_FORMAT:
            return _OF_FORMAT[schema["format"]]
        raise NoExampleError(f"{where or 'it'} has no example")


def _success_example(operation: Mapping[str, Any]) -> Any:
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            return answer.get("content", {}).get(JSON, {}).get("example")
    return None


def _row_of(example: Any) -> Mapping[str, Any]:
    """The row in an answer: itself, or the first of a list or page."""
    if isinstance(example, dict) and "items" in example:
        example = example["items"]
    if isinstance(example, list) and example:
        example = example[0]
    return example if isinstance(example, dict) else {}


# --- how to call it ------------------------------------------------------------------------------


def example_of(content: Mapping[str, Any]) -> Any:
    """Give the example of a parameter or of one media type, the first where there are several;
    raise `NoExampleError` if there is none."""
    if "example" in content:
        return content["example"]
    for one in content.get("examples", {}).values():
        return one["value"]
    raise NoExampleError("no example")


def _curl(method: str, path: str, operation: Mapping[str, Any]) -> str:
    """Give the call as a line for a shell, `$HUB` and `$TOKEN` standing for address and token."""
    words = ["curl -sS"]
    if method != "GET":
        words.append(f"-X {method}")
    words.append(f'"$HUB{_address(path, operation)}"')
    if operation.get("security"):
        words.append('-H "Authorization: Bearer $TOKEN"')
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header" and parameter.get("required"):
            words.append(f"-H '{parameter['name']}: {_example(parameter)}'")
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        body = _example(content)
        if kind == FORM:
            words += [f"-F {_quoted(_part(*part))}" for part in dict(body).items()]
            break
        words.append(f"-H 'Content-Type: {kind}'")
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        words.append(f"--data-binary {_quoted(text)}")
        break
    return " \\\n  ".join(words)


def _address(path: str, operation: Mapping[str, Any]) -> str:
    asked = []
    for parameter in operation.get("parameters", ()):
        value = quote(str(_example(parameter)), safe="")
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", value)
        elif parameter["in"] == "query" and parameter.get("required"):
            asked.append(f"{parameter['name']}={value}")
    return path + ("?" + "&".join(asked) if asked else "")


def _example(content: Mapping[str, Any]) -> Any:
    try:
        return example_of(content)
    except NoExampleError:
        return ""


def _part(name: str, value: Any) -> str:
    """One part of a form; a text of several lines stands in a file."""
    return f"{name}=@{name}" if "\n" in str(value) else f"{name}={value}"


def _quoted(text: str) -> str:
    """One word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
