# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts in files: what a reader of the format gets is the text that went in, and nothing but text."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.escaping import FORMATS, escaped

JOINER = "\u2060"
SIGNS = "=+-@|%\uff1d\uff0b\uff0d\uff20\u2212"
HOSTILE = [
    "",
    "web-1",
    "<script>alert(1)</script>",
    "{{ lookup('pipe', 'id') }}",
    "\"><img src=x onerror='alert(1)'>",
    "&lt;b&gt; &amp; &#60;",
    "a | b || c",
    "back\\slash \\| \\n",
    "`code` ``more``",
    "*bold* _it_ __init__ ~~gone~~ ==mark==",
    "[link](http://x.example) ![image](x) <http://x.example>",
    "[^1] [^1]: note",
    "[x]: http://x.example",
    "http://x.example www.x.example wwww.x.example ftp://x.example HTTPS://X.EXAMPLE",
    "mailto:root@x.example root@x.example @user #12 :smile:",
    "1. first",
    "1) first",
    "- item",
    "+ item",
    "# heading",
    "> quote",
    "===",
    "---",
    "***",
    "~~~",
    "$x$ ^up^ {.class}",
    "    code",
    "\u00a0\u3000 wide ",
    "two blanks at the end  ",
    "=1+1",
    "-1",
    "+1",
    "@SUM(A1)",
    "%x",
    "|calc",
    "\uff1d1+1",
    "\uff0b1",
    "\u22121",
    " =1",
    "\u200b=1",
    "'=1",
    "'",
    "x;=1",
    "x; @SUM(A1)",
    ";'=1",
    'quote " and ""',
    "e\u0301 \U0001f600 \u05d0",
]
#: What becomes a replacement character
REPLACED = "\x00\t\n\r\x0b\x0c\x1b\x1f\x7f\x85\x9f\u061c\u200e\u200f\u2028\u2029\u202e\u2066\u2069\ufeff\uffff\ud800"
TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from(sorted(set("".join(HOSTILE)))))) | st.lists(
    st.sampled_from(HOSTILE)
).map("".join)


def replaced(text: str) -> str:
    """The text with the characters replaced that no format may have."""
    kept = [
        "\ufffd" if ord(one) < 32 or 127 <= ord(one) < 160 or one in REPLACED or _turns(ord(one)) else one
        for one in text
    ]
    return "".join(kept)


def _turns(code: int) -> bool:
    return 0x2028 <= code <= 0x202E or 0x2066 <= code <= 0x2069 or 0xD800 <= code <= 0xDFFF or code == 0xFFFE


class Reader(HTMLParser):
    """Collects texts, tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.others: list[str] = []
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


def check_html(text: str) -> None:
    value = escaped(text, "html")
    page = Reader(f"<p title=\"{value}\" lang='{value}'>{value}</p>")
    assert "".join(page.texts) == replaced(text)
    assert page.tags == [("p", [("title", replaced(text)), ("lang", replaced(text))])]
    assert page.others == []


def check_csv(text: str) -> None:
    value = escaped(text, "csv")
    assert "\n" not in value and "\r" not in value
    ((before, cell, after),) = csv.reader(io.StringIO(f'"before","{value}","after"\n'), strict=True)
    assert (before, after) == ("before", "after")
    assert re.sub("(^|;)'", r"\1", cell) == replaced(text)
    # Also where a semicolon is the end of a cell.
    for part in cell.split(";"):
        assert part.lstrip(" \u00a0\u3000\u200b\ufffd")[:1] not in [*SIGNS], part


def check_prometheus(text: str) -> None:
    value = escaped(text, "prometheus")
    assert re.fullmatch(r'(?:[^"\\\n]|\\[\\"n])*', value)
    assert re.sub(r'\\([\\"])', r"\1", value) == replaced(text)


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def check_markdown(text: str) -> None:
    value = escaped(text, "markdown")
    expected = replaced(text).replace("@", f"@{JOINER}")
    assert "\n" not in value
    for page, tags in (
        (f"{value}\n", ["p"] if value else []),
        (f"word {value} word\n", ["p"]),
        (f"- {value}\n", ["ul", "li", *(["p"] if value else [])]),
        (f"## {value}\n", ["h2"]),
        (f"| a | b |\n|---|---|\n| {value} | b |\n", ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]),
    ):
        tokens = MARKDOWN.parse(page)
        inline = [child for token in tokens if token.type == "inline" for child in token.children or []]
        assert {child.type for child in inline} <= {"text"}, (page, inline)
        assert [token.tag for token in tokens if token.nesting == 1] == tags, page
        told = ["".join(child.content for child in token.children or []) for token in tokens if token.type == "inline"]
        assert told in ([expected], [f"word {expected} word"], ["a", "b", expected, "b"], []), page
        if expected:
            assert told, page


def check_line(text: str) -> None:
    assert escaped(text, "line") == replaced(text)


CHECKS: dict[str, t.Callable[[str], None]] = {
    "html": check_html,
    "csv": check_csv,
    "prometheus": check_prometheus,
    "markdown": check_markdown,
    "line": check_line,
}


@pytest.mark.parametrize("text", [*HOSTILE, REPLACED, "\t=1", "\r\n- x", "x\n\n# y"], ids=ascii)
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_hostile_text_is_nothing_but_text(format_name: str, text: str) -> None:
    CHECKS[format_name](text)


@pytest.mark.parametrize("format_name", FORMATS)
@given(text=TEXTS)
def test_whatever_text_goes_in_comes_back(format_name: str, text: str) -> None:
    CHECKS[format_name](text)


@given(TEXTS, TEXTS)
def test_two_texts_never_look_alike(one: str, other: str) -> None:
    if replaced(one) != replaced(other):
        assert all(escaped(one, name) != escaped(other, name) for name in FORMATS)


@pytest.mark.parametrize(
    ("format_name", "text", "expected"),
    [
        ("html", '<a href="x">\'&', "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;"),
        ("csv", "=1", "'=1"),
        ("csv", "'=1", "''=1"),
        ("csv", 'x;=1 "', 'x;\'=1 ""'),
        ("csv", "\t=1", "'\ufffd=1"),
        ("csv", "plain; text - 1", "plain; text - 1"),
        ("prometheus", 'a"b\\c\nd', 'a\\"b\\\\c\ufffdd'),
        ("markdown", "a|b", "a\\|b"),
        ("markdown", "a<b>![x]=y", "a&lt;b\\>\\!\\[x\\]\\=y"),
        ("markdown", "&lt;", "&amp;lt;"),
        ("markdown", " a ", "&#32;a&#32;"),
        ("markdown", "a@b", "a@&#8288;b"),
        ("markdown", "http://x", "http&#58;//x"),
        ("markdown", "www.x", "&#119;ww\\.x"),
    ],
)
def test_how_a_text_is_written(format_name: str, text: str, expected: str) -> None:
    assert escaped(text, format_name) == expected


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_text_of_nested_data_is_escaped_and_nothing_else_changes(format_name: str) -> None:
    hostile = '|<=\n"'
    once = escaped(hostile, format_name)
    data = {"last_backup": [hostile, 1, 1.5, None, True, (hostile,)], hostile: {"a": {"b": hostile}}}
    assert escaped(data, format_name) == {
        "last_backup": [once, 1, 1.5, None, True, [once]],
        once: {"a": {"b": once}},
    }
    assert data["last_backup"][0] == hostile


@pytest.mark.parametrize("key", ["_x_", "_x", "__init__", "a__b", "=a", "a-b", "www.x", "a\n"])
def test_a_key_that_is_more_than_a_word_is_escaped(key: str) -> None:
    for name in FORMATS:
        assert list(escaped({key: 1}, name)) == [escaped(key, name)]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidInput, match="format: 'pdf' is not one of html, markdown, csv, prometheus"):
        escaped("x", "pdf")
