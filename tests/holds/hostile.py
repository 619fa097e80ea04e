# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile values, and a layer before the local cloud that puts them into its answers; the cloud itself stays strict."""

from __future__ import annotations

import copy
import json
import re
import typing as t

from tests.emulator import Emulator
from tests.emulator.journal import service_of

#: In place of a key that is left out
MISSING = object()
#: Is part of every ID that would lead a request to another object
ELSEWHERE = "0badf00d-0000-4000-8000-000000000000"
LONG = "x" * 100_000
JINJA = "{{ lookup('ansible.builtin.pipe', 'touch evaluated') }}{% raw %}{# x #}"
#: By class, texts that are hostile wherever a program or a terminal takes them for more than text
TEXTS: dict[str, tuple[str, ...]] = {
    "newlines and control characters": ("two\nlines\r\n- a: b", "\x00\x07\x08\x7f\x85\u2028", "\u202eleft\u2066\ufeff"),
    "ANSI escapes": ("\x1b[31mred\x1b]0;title\x07\x1b[2J", "\x9b31m"),
    "Jinja": (JINJA, "{{ 7 * 191 }}", "{% for x in range(10**9) %}{% endfor %}"),
    "HTML, scripts and Markdown": ("<script>alert(1)</script>&amp;", "[a](http://example.com) ![i](x) ```"),
    "CSV formulas": ("=cmd|' /C calc'!A0;=1+1", "@SUM(1)\t+1"),
    "Prometheus quoting": ('a"} 1\nb{c="\\', 'x\\"y\\\\'),
    "YAML tricks": ("!!python/object/apply:os.system [id]", "&a [*a, *a]", "no: [1", "!unsafe x"),
    "shell metacharacters": ("$(touch evaluated); `id` | tee 'x' \"y\" && #", "-rf ../../etc/passwd *"),
    "very long text": (LONG, "ä\n" * 50_000),
    "lone surrogates and emoji": ("\ud800x\udfff", "👩‍👩‍👧‍👦 \U0010ffff", "é́́́́" * 20),
    "unknown statuses and dates": ("no-such-status", "31 February", "9999-12-31T23:59:59-23:59", "0000-00-00T00:00:00"),
    "paths in IDs": (f"x/../{ELSEWHERE}", f"../policies/{ELSEWHERE}", f"{ELSEWHERE}?force=1", f"x#{ELSEWHERE}", ".."),
}
#: By class, what is no text at all
WRONG: dict[str, tuple[t.Any, ...]] = {
    "null": (None,),
    "a number or a flag": (7, True, 0.5),
    "a list or an object": (["x"], {"x": "y"}, [], {}),
    "missing keys": (MISSING,),
    "huge numbers": (10**40, float("inf"), float("nan"), -(2**63), 1e300),
}
Path = tuple[str, ...]
#: Gets the kind of a request and the real answer, and returns what is sent in its place: JSON, or bytes as they are
Rule = t.Callable[[str, t.Any], t.Any]
_ID = r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}"


def kind_of(method: str, path: str) -> str:
    """Return method and path of a request, with a star in place of each ID."""
    return f"{method} {re.sub(_ID, '*', path)}"


class Rewriter:
    """Stands before a local cloud until the end of a with block, and rewrites its answers by a rule.

    answers are the first real ones by kind of request, urls what was asked for, and token_hosts the hosts that got a
    token.
    """

    def __init__(self, cloud: Emulator) -> None:
        self._server: t.Any = cloud._server
        self._inner = self._server.app
        self.rule: Rule | None = None
        self.answers: dict[str, t.Any] = {}
        self.urls: list[str] = []
        self.token_hosts: set[str] = set()

    def __enter__(self) -> Rewriter:
        self._server.app = self
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.app = self._inner

    def __call__(self, environ: dict[str, t.Any], start_response: t.Any) -> t.Iterable[bytes]:
        """Answer as the cloud does, but for what the rule changes."""
        head: list[t.Any] = []

        def keep(status: str, headers: list[tuple[str, str]], *rest: t.Any) -> t.Any:
            head[:] = [status, headers]

        body = b"".join(self._inner(environ, keep))
        path = environ["PATH_INFO"]
        kind = kind_of(environ["REQUEST_METHOD"], path)
        self.urls.append(environ["REQUEST_URI"])
        if "HTTP_X_AUTH_TOKEN" in environ:
            self.token_hosts.add(environ["HTTP_HOST"])
        status, headers = head
        if service_of(path) != "identity" and body and status[:1] in "23" and not path.startswith("/_emulator"):
            real = json.loads(body)
            self.answers.setdefault(kind, real)
            if self.rule is not None:
                changed = self.rule(kind, copy.deepcopy(real))
                body = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
                headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
                headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        return [body]


def fields_of(answer: t.Any, path: Path = ()) -> list[tuple[Path, t.Any]]:
    """Return the path of each field of an answer, with a star for all entries of a list, and its first value."""
    found: list[tuple[Path, t.Any]] = []
    if isinstance(answer, dict):
        for key, inner in answer.items():
            found += [((*path, key), inner), *fields_of(inner, (*path, key))]
    elif isinstance(answer, list):
        for inner in answer:
            found += fields_of(inner, (*path, "*"))
    return list({one: (one, value) for one, value in reversed(found)}.values())[::-1]


def put(answer: t.Any, path: Path, value: t.Any) -> None:
    """Put a value in place of a field, in every entry of the lists on the way to it."""
    key, *rest = path
    if key == "*":
        for inner in answer if isinstance(answer, list) else ():
            put(inner, tuple(rest), value)
    elif isinstance(answer, dict) and key in answer:
        if rest:
            put(answer[key], tuple(rest), value)
        elif value is MISSING:
            del answer[key]
        else:
            answer[key] = value


def putting(kind: str, paths: t.Collection[Path], value: t.Any) -> Rule:
    """Return the rule that puts a value into fields of one kind of answer."""

    def rule(asked: str, answer: t.Any) -> t.Any:
        for path in paths if asked == kind else ():
            put(answer, path, value)
        return answer

    return rule


class Case(t.NamedTuple):
    """A hostile value in fields of one kind of answer."""

    kind: str
    class_name: str
    paths: tuple[Path, ...]
    value: t.Any


def cases_of(answers: t.Mapping[str, t.Any], turn: int) -> list[Case]:
    """Return the cases of a task: each kind of answer with each class, and each field with something in its place.

    Texts are put into all fields of a group at once; which group it is, and which value, turns round.
    """
    cases = []
    for kind, answer in answers.items():
        fields = fields_of(answer)
        groups = [group for group in _groups(fields) if group]
        ids = tuple(path for path, real in fields if isinstance(real, str) and re.fullmatch(_ID, real))
        for class_name, values in TEXTS.items():
            turn += 1
            chosen = ids if class_name == "paths in IDs" else groups[turn % len(groups)] if groups else ()
            if chosen:
                cases.append(Case(kind, class_name, chosen, values[turn % len(values)]))
        # Each task takes half of them: all tasks read the same answers.
        for path, dummy in fields[turn % 2 :: 2]:
            turn += 1
            class_name = list(WRONG)[turn % len(WRONG)]
            cases.append(Case(kind, class_name, (path,), WRONG[class_name][turn % len(WRONG[class_name])]))
    return cases


def _groups(fields: t.Iterable[tuple[Path, t.Any]]) -> list[tuple[Path, ...]]:
    """Return the fields that hold texts of users, and those that hold texts of the service."""
    texts = [path for path, real in fields if isinstance(real, str) and not re.fullmatch(_ID, real)]
    of_service = re.compile("status|_at$|_time$|type|pattern|zone|^id$|code")
    own = tuple(path for path in texts if not of_service.search(path[-1]))
    return [own, tuple(path for path in texts if path not in own)]
