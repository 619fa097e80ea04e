# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI descriptions as a judge: every request and every answer of CSBS and CBR is held against them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

SOURCES = Path(__file__).parent / "openapi"
METHODS = ("get", "put", "post", "delete")
INTEGER = re.compile(r"-?\d{1,12}")
Validator = Any


class ContractError(Exception):
    """A request or an answer that the description does not allow; says where."""


@dataclass(frozen=True)
class Operation:
    """One call of the description, compiled."""

    id: str
    method: str
    path: str
    path_schemas: Mapping[str, Validator]
    query_schemas: Mapping[str, Validator]
    query_types: Mapping[str, str]
    body: Validator | None
    body_required: bool
    answers: Mapping[str, Validator | None]

    def check_path(self, values: Mapping[str, str]) -> None:
        """Hold the parts of the path against the description."""
        for name, value in values.items():
            _check(self.path_schemas[name], value, f"path parameter {name}")

    def check_query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """The query with its values in their types."""
        query: dict[str, Any] = {}
        for name, text in pairs:
            if name not in self.query_schemas:
                raise ContractError(f"query parameter {name}: unknown")
            if self.query_types[name] == "array":
                query.setdefault(name, []).append(text)
                continue
            if name in query:
                raise ContractError(f"query parameter {name}: given twice")
            query[name] = _typed(text, self.query_types[name])
        for name, value in query.items():
            _check(self.query_schemas[name], value, f"query parameter {name}")
        return query

    def check_body(self, body: Any, present: bool) -> None:
        """Hold a request's body against the description."""
        if not present:
            if self.body_required:
                raise ContractError("body: missing")
            return
        if self.body is None:
            raise ContractError("body: none expected")
        _check(self.body, body, "body")

    def check_answer(self, status: int, body: Any) -> None:
        """Hold an answer against the description."""
        key = str(status) if str(status) in self.answers else "default"
        if key not in self.answers:
            raise ContractError(f"{self.id}: answer {status} is not described")
        schema = self.answers[key]
        if schema is None:
            if body is not None:
                raise ContractError(f"{self.id}: answer {status} has no body")
            return
        _check(schema, body, f"{self.id}: answer {status}")


def _typed(text: str, kind: str) -> Any:
    if kind == "integer" and INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def _check(schema: Validator, value: Any, where: str) -> None:
    problem = next(schema.iter_errors(value), None)
    if problem is None:
        return
    path = "".join(f"/{step}" for step in problem.instance_path)
    raise ContractError(f"{where} {path}: {problem.message}"[:600])


class Contract:
    """All calls of the description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: dict[str, Operation] = {}
        for path, calls in document["paths"].items():
            shared = calls.get("parameters", [])
            for method in METHODS:
                if method in calls:
                    operation = self._operation(path, method, calls[method], shared)
                    self.operations[operation.id] = operation

    def _deref(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def _compile(self, schema: dict[str, Any]) -> Validator:
        # A schema's references point into the document, so the components travel with it.
        return jsonschema_rs.Draft202012Validator({**schema, "components": self.document["components"]})

    def _operation(self, path: str, method: str, call: dict[str, Any], shared: list[dict[str, Any]]) -> Operation:
        parameters = [self._deref(parameter) for parameter in [*shared, *call.get("parameters", [])]]
        body = self._deref(call.get("requestBody", {}))
        answers: dict[str, Validator | None] = {}
        for status, answer in call["responses"].items():
            content = self._deref(answer).get("content")
            answers[str(status)] = self._compile(content["application/json"]["schema"]) if content else None
        return Operation(
            id=call["operationId"],
            method=method.upper(),
            path=path,
            path_schemas={p["name"]: self._compile(p["schema"]) for p in parameters if p["in"] == "path"},
            query_schemas={p["name"]: self._compile(p["schema"]) for p in parameters if p["in"] == "query"},
            query_types={
                p["name"]: self._deref(p["schema"]).get("type", "string") for p in parameters if p["in"] == "query"
            },
            body=self._compile(body["content"]["application/json"]["schema"]) if body else None,
            body_required=bool(body.get("required", False)),
            answers=answers,
        )


@functools.cache
def load(name: str = "csbs-v1") -> Contract:
    """A contract, read and compiled once in a process."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Contract(yaml.load((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader))
