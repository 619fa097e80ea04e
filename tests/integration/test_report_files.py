# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the role report: each format holds the data, a name is only a name, and the README states the format."""

from __future__ import annotations

import csv
import io
import json
import re
import typing as t
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.controls import TITLES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.findings import TEXTS
from tests.emulator import Emulator
from tests.support.report import EVERY_CONTROL, HOSTILE, ROLE, SPEC, document_of, hostile_fleet, hostile_vault, render

README = (ROLE / "README.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROLE / "files" / "protection.schema.json").read_text(encoding="utf-8"))
KINDS = ["cloud_not_read", *TEXTS]
Document = dict[str, t.Any]


class Made(t.NamedTuple):
    """A document, and the files of it by suffix."""

    document: Document
    files: dict[str, str]


@pytest.fixture(scope="module", params=["live", "reference"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The report of a fleet with hostile names in both services under two names, and of a cloud that is not read."""
    with Emulator(mode=request.param, speed=0, list_delay=0, servers=6) as cloud:
        hostile_fleet(cloud)
        hostile_vault(cloud)
        options = {"controls": EVERY_CONTROL, "max_age_key": "rpo", "services": ["csbs", "cbr"]}
        document = document_of({None: cloud, "a|b": cloud, "lost": f"no answer {HOSTILE[0]}"}, **options)
        assert not cloud.contract_violations and not cloud.internal_errors
    return Made(document, render(document, tmp_path_factory.mktemp("report"), "csv", "md", "prom"))


def seen(text: t.Any) -> str:
    """Return a text as the files show it: in one line, without characters that change others."""
    return re.sub("[\x00-\x1f\x7f\u202e]", "\ufffd", str(text or ""))


def tables(after: str) -> list[list[list[str]]]:
    """Return the tables of a Markdown text as rows of cells."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(after):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and token.level > 2:
            texts = (child.content for child in token.children or [] if child.type == "text")
            found[-1][-1].append("".join(texts).replace("\u2060", ""))
    return found


def readme_table(first_heading: str) -> list[list[str]]:
    """Return the rows of the table of the README whose first column has a heading."""
    tokens = MarkdownIt("commonmark").enable("table").parse(README)
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 2:
            rows[-1].append(token.content)
    starts = [number for number, row in enumerate(rows) if row[0] == first_heading]
    assert len(starts) == 1
    width, table = len(rows[starts[0]]), []
    for row in rows[starts[0] + 1 :]:
        if not row[0].startswith("`") or len(row) != width:
            break
        table.append(row)
    return table


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# ========== JSON ==========
def test_the_json_is_as_its_schema_says(made: Made) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(made.document)
    kinds = (
        "cloud_not_read never_backed_up unprotected policy_disabled failing unprotectable restore_not_tested not_judged"
    )
    assert {kind["kind"] for kind in made.document["findings"]} >= {*kinds.split(), "former_server", "held_by_image"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"surplus": 1},
        {"schema": 2},
        {"verdict": "fine"},
        {"clouds": []},
        {"findings": [{"kind": "unknown_kind", "title": "", "remedy": "", "count": 1}]},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_report_never_has(made: Made, wrong: Document) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid({**made.document, **wrong})


def test_the_schema_knows_all_controls_and_kinds_and_the_readme_all_fields() -> None:
    assert SCHEMA["properties"]["controls"]["items"]["properties"]["control"]["enum"] == list(TITLES)
    assert SCHEMA["$defs"]["finding"]["properties"]["kind"]["enum"] == KINDS
    assert SPEC["csbs_accepted_findings"]["choices"] == list(TEXTS)
    assert list(SPEC["csbs_controls"]["options"]) == list(TITLES)
    assert [word for row in readme_table("field") for word in words(row[0])] == list(SCHEMA["properties"])
    assert [word for row in readme_table("control") for word in words(row[0])] == list(TITLES)
    kinds = README.split("## Kinds of findings\n\n")[1].split("\n\n")[0]
    assert words(kinds) == KINDS


def test_the_schema_refuses_a_migration_that_the_report_never_has(made: Made) -> None:
    cloud = made.document["clouds"][0]
    for wrong in ({"read": False}, {"error": "none"}, {"servers": [{}]}, {"surplus": 1}):
        clouds = [{**cloud, "migration": {**cloud["migration"], **wrong}}]
        assert not Draft202012Validator(SCHEMA).is_valid({**made.document, "clouds": clouds}), wrong


# ========== CSV ==========
def test_the_csv_has_a_row_for_each_server_in_stated_columns(made: Made) -> None:
    text = made.files["csv"]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.splitlines()[0].split(",") == [word for row in readme_table("column") for word in words(row[0])]
    servers = [(cloud, row) for cloud in made.document["clouds"] for row in cloud["servers"]]
    assert len(rows) == len(servers) == text.count("\n") - 1
    for found, (cloud, server) in zip(rows, servers):
        expected = {
            "cloud": cloud["cloud"],
            "project_id": cloud["project"]["id"],
            "server_id": server["id"],
            "policy_id": (server["policy"] or {}).get("id"),
            "last_backup_at": (last := server["last_backup"] or {}).get("protected_at") or last.get("created_at"),
            "reason": server["reason"],
            **{key: server[key] for key in ("age_seconds", "max_age_seconds", "backup_count", "size_mb")},
            "failed_backups": server["failed_backups"],
            "service": server["service"],
            **{key: (server["controls"].get(key) or {}).get("result") for key in TITLES},
        }
        assert {key: found[key] for key in expected} == {
            key: "" if value is None else str(value) for key, value in expected.items()
        }
        truths = {key: server[key] for key in ("compliant", "passed", "protectable")}
        truths["policy_enabled"] = (server["policy"] or {}).get("enabled")
        assert {key: json.loads(found[key] or "null") for key in truths} == truths


def test_no_cell_of_the_csv_is_a_formula(made: Made) -> None:
    rows = list(csv.DictReader(io.StringIO(made.files["csv"], newline="")))
    assert not [cell for row in rows for cell in row.values() if cell.lstrip()[:1] in {"=", "+", "-", "@"}]
    names = {row["server_name"].replace("'", "") for row in rows}
    assert names == {seen(name).replace("'", "") for name in HOSTILE if name != HOSTILE[4]}


# ========== Markdown ==========
def test_the_markdown_has_stated_headings_and_nothing_but_text_from_the_cloud(made: Made) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(made.files["md"])
    children = [child for token in tokens for child in token.children or []]
    assert {token.type for token in [*tokens, *children]} & {"html_block", "html_inline", "link_open", "image"} == set()
    assert {child.type for child in children} <= {"text", "text_special", "strong_open", "strong_close"}
    headings = [after.content for token, after in zip(tokens, tokens[1:]) if token.type == "heading_open"]
    stated = [word for row in readme_table("heading") for word in words(row[0])]
    assert [heading for heading in headings if heading in stated] == stated
    assert len(headings) == len(stated) + len(made.document["findings"])
    # Programs that find addresses by themselves find none, either.
    assert not re.search(
        r"https?://|www\.|[a-z]@[a-z]", re.sub(r"```sh\n.*?```", "", made.files["md"], flags=re.DOTALL)
    )


def test_the_markdown_shows_every_server_policy_finding_and_command(made: Made) -> None:
    text, document = made.files["md"], made.document
    controls, *kinds, servers, policies, dummy, dummy = tables(text)
    assert [row[2:] for row in controls[1:]] == [
        [str(row[key]) for key in ("passed", "failed", "unknown")] for row in document["controls"]
    ]
    objects = [
        [
            [seen(cloud["cloud"]), seen(one["name"]), seen(one["id"]), seen(one["detail"])]
            for cloud in document["clouds"]
            for finding in cloud["findings"]
            if finding["kind"] == kind["kind"]
            for one in finding["objects"]
        ]
        for kind in document["findings"]
    ]
    assert [table[1:] for table in kinds] == objects
    rows = [(cloud["cloud"], row) for cloud in document["clouds"] for row in cloud["servers"]]
    assert [row[:3] for row in servers[1:]] == [[seen(name), seen(row["name"]), row["id"]] for name, row in rows]
    assert [row[-2:] for row in servers[1:]] == [
        [
            {True: "yes", False: "no", None: "not known"}[row["compliant"]],
            ", ".join(name for name, one in row["controls"].items() if one["result"] != "pass"),
        ]
        for dummy, row in rows
    ]
    assert [row[1] for row in policies[1:]] == [
        seen(policy["name"]) for cloud in document["clouds"] for policy in cloud["policies"]
    ]
    fences = [token.content for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    commands = [
        finding["commands"] for cloud in document["clouds"] for finding in cloud["findings"] if finding["commands"]
    ]
    assert sorted(fences) == sorted("\n".join(lines) + "\n" for lines in commands)
    assert text.splitlines()[2].startswith("**NOT MET:**") and "NOT READ: lost" in text


def test_the_markdown_shows_each_policy_on_its_way_and_the_servers_that_are_not_done(made: Made) -> None:
    text = made.files["md"]
    *dummy, policies, servers = tables(text)
    words = {"csbs": "in CSBS", "moving": "on the way", "none": "in no policy"}
    expected = [
        (seen(cloud["cloud"]), one)
        for cloud in made.document["clouds"]
        for one in (cloud["migration"] or {"policies": []})["policies"]
    ]
    assert [row[:3] for row in policies[1:]] == [[name, seen(one["name"]), one["id"]] for name, one in expected]
    told = "".join(row[-1] for row in policies[1:])
    assert len(expected) == 4 and all(seen(loss) in told for dummy, one in expected for loss in one["losses"])
    rows = [
        (seen(cloud["cloud"]), row)
        for cloud in made.document["clouds"]
        for row in (cloud["migration"] or {"servers": []})["servers"]
        if not row["done"]
    ]
    assert [row[:4] for row in servers[1:]] == [
        [name, seen(row["name"]), row["id"], words[row["state"]]] for name, row in rows
    ]
    assert {row["state"] for dummy, row in rows} == {"csbs", "moving", "none"}
    assert made.document["migration"]["done"] == 2 and "with a good backup there: 2\n" in text


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_a_migration_that_could_not_be_read_is_told_and_one_that_is_none_is_left_out(
    suffix: str, tmp_path: Path
) -> None:
    both = {"services": ["csbs", "cbr"]}
    with Emulator(mode="live", speed=0, list_delay=0, servers=2) as cloud:
        none = document_of({"a": cloud}, **both)
        lost = document_of({"a": cloud, "b": cloud}, unplanned={"b": f"no answer {HOSTILE[0]}"}, **both)
    assert none["migration"] is None and "On the way to CBR" not in render(none, tmp_path, suffix)[suffix]
    Draft202012Validator(SCHEMA).validate(lost)
    assert lost["migration"]["complete"] is False and lost["complete"] is True
    shown = render(lost, tmp_path, suffix, "prom")
    assert "On the way to CBR" in shown[suffix] and "no answer" in shown[suffix] and "<script>al" not in shown[suffix]
    project = lost["clouds"][1]["project"]["id"]
    assert f'csbs_migration_read{{cloud="b",project="{project}"}} 0\n' in shown["prom"]
    assert "csbs_migration_servers{" not in shown["prom"]


# ========== Prometheus ==========
def test_the_metrics_are_as_stated_and_no_sample_comes_twice(made: Made) -> None:
    text = made.files["prom"]
    families = list(text_string_to_metric_families(text))
    stated = {word: words(row[1]) for row in readme_table("metric") for word in words(row[0])}
    assert [family.name for family in families] == list(stated)
    assert all(family.type == "gauge" and family.documentation and family.samples for family in families)
    for family in families:
        assert all(list(sample.labels) == stated[family.name] for sample in family.samples), family.name
    keys = [(sample.name, *sample.labels.items()) for family in families for sample in family.samples]
    assert len(keys) == len(set(keys)) == sum(not line.startswith("#") for line in text.splitlines())
    assert text.count("# HELP") == text.count("# TYPE") == len(families)


def test_the_metrics_are_the_figures_of_the_data(made: Made) -> None:
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(made.files["prom"])
        for sample in family.samples
    }
    document = made.document
    assert [found["csbs_cloud_read", cloud] for cloud in ("", "a|b", "lost")] == [1, 1, 0]
    for cloud in document["clouds"]:
        name = cloud["cloud"] or ""
        counts = {finding["kind"]: len(finding["objects"]) for finding in cloud["findings"]}
        kinds = KINDS if cloud["read"] else KINDS[:1]
        assert {key[2]: value for key, value in found.items() if key[:2] == ("csbs_findings", name)} == {
            kind: counts.get(kind, 0) for kind in kinds
        }
        for row in cloud["servers"]:
            labels = (name, cloud["project"]["id"], seen(row["name"]), row["id"])
            size = row["size_mb"] * 1024 * 1024
            expected = {
                "recovery_point_met": int(row["compliant"] is True),
                "recovery_point_age_seconds": row["age_seconds"],
                "recovery_point_promise_seconds": row["max_age_seconds"],
                "backups": row["backup_count"],
                "backup_bytes": size,
                "failed_backups": row["failed_backups"],
            }
            assert {key: found.get((f"csbs_server_{key}", *labels)) for key in expected} == expected
            for control, judgement in row["controls"].items():
                assert found[("csbs_server_control_passed", *labels, control)] == (judgement["result"] == "pass")
        if cloud["read"]:
            place = (name, cloud["project"]["id"])
            summary = cloud["migration"]["summary"]
            assert found[("csbs_migration_read", *place)] == 1
            assert found[("csbs_migration_servers_done", *place)] == summary["done"] == 1
            states = {key[3]: value for key, value in found.items() if key[:3] == ("csbs_migration_servers", *place)}
            assert states == summary["servers"] and states["moving"] == 1
        for policy in cloud["policies"]:
            labels = (name, cloud["project"]["id"], policy["service"], seen(policy["name"]), policy["id"])
            assert found[("csbs_policy_enabled", *labels)] == policy["enabled"]
            assert (("csbs_policy_next_run_timestamp_seconds", *labels) in found) is bool(policy["next_runs"])
        for vault in cloud["vaults"]:
            labels = (name, cloud["project"]["id"], seen(vault["name"]), vault["id"])
            assert found[("csbs_vault_used_bytes", *labels)] == vault["used_mb"] * 1024**2
            assert found[("csbs_vault_size_bytes", *labels)] == vault["size_gb"] * 1024**3
        for quota in (quota for quota in cloud["quotas"] if quota["type"] != "vault"):
            suffix, factor = ("_bytes", 1024**3) if quota["unit"] == "GB" else ("", 1)
            labels = (name, cloud["project"]["id"], quota["service"], quota["type"])
            assert found[(f"csbs_quota_used{suffix}", *labels)] == quota["used"] * factor
            limit = float("inf") if quota["unlimited"] else quota["quota"] * factor
            assert found[(f"csbs_quota_limit{suffix}", *labels)] == limit
