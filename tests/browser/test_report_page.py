# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the protection report in a real browser: made by the role from a live fleet of the local cloud."""

from __future__ import annotations

import copy
import re
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.chromium import Opened, axe, chromium, launched, opened
from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in, send
from tests.support.plays import play
from tests.support.report import HOSTILE as CLOUD_NAMES
from tests.support.report import document_of, hostile_fleet, hostile_vault, render

pytestmark = pytest.mark.browser

DAY = 86400
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{ 7*7 }}", "{{ lookup('pipe', 'id') }}"]
#: Ages of good backups in hours by the name of the server; a web server has one each day
AGES: dict[str, list[float]] = {
    "db-1": [30],
    "db-2": [9, 200],
    "db-10": [5, 29, 53],
    "new-1": [],
    HOSTILE[0]: [1],
    HOSTILE[1]: [2],
    HOSTILE[2]: [3],
    HOSTILE[3]: [400],
    **{f"web-{number}": [2.75 + number / 4 + 24 * day for day in range(28)] for number in range(1, 5)},
}
#: IDs in which no test finds a word by chance, and a server with a large disk
FLEET = [
    {
        "name": name,
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "disks": [{"size": 20 if name != "web-4" else 9000}],
    }
    for number, name in enumerate(AGES, 1)
]
NOW = datetime(2026, 3, 2, 10)
PROMISE = timedelta(hours=24)


class Made(t.NamedTuple):
    """A page, and the cloud of which it is."""

    cloud: Emulator
    file: Path


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    if chromium() is None:
        pytest.skip("there is no chromium on the path")
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Made]:
    """The page that the playbook makes of a fleet in which something is wrong."""
    folder = tmp_path_factory.mktemp("report")
    with Emulator(mode="live", speed=0, list_delay=0, start=NOW, seed=FLEET) as cloud:
        for name, ages in AGES.items():
            for hours in ages:
                cloud.make_backup(cloud.server(name).id, name, age=hours * 3600)
        cloud.force_backup(cloud.make_backup(cloud.server("db-1").id, "lost").id, status="error", fail_reason="full")
        for name, members in (("nightly", ["web-1", "web-2", "db-10"]), ("other", [HOSTILE[0], "db-2"])):
            rows = [{"id": cloud.server(one).id, "type": "OS::Nova::Server", "name": "server"} for one in members]
            send(cloud, "PUT", f"/policies/{create_policy(cloud, name)}", {"policy": {"resources": rows}})
        # The service refuses such a name of a policy. The page does not rest on that.
        policy_in(cloud, "other").name = HOSTILE[1]
        code, output = play(cloud, folder, "report", {"csbs_max_age": "24h", "csbs_report_path": str(folder)})
        assert code == 0, output
        yield Made(cloud, folder / "protection.html")
        assert not cloud.contract_violations and not cloud.internal_errors


@pytest.fixture
def sight(browser: Browser, made: Made) -> t.Iterator[Opened]:
    """The page, which must do nothing by itself: no request, no dialog, no message."""
    with opened(browser, made.file) as found:
        yield found
        assert found.requests == [made.file.as_uri()] and found.noise == []


@pytest.fixture(scope="module")
def several(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two clouds and of a third that could not be read."""
    folder = tmp_path_factory.mktemp("several")
    render(document_of({"first": made.cloud, "second": made.cloud, "lost": f"no answer {HOSTILE[0]}"}), folder, "html")
    return folder / "protection.html"


# What the cloud itself says


def good(cloud: Emulator, name: str) -> list[t.Any]:
    server = cloud.server(name).id
    return [item for item in cloud.state.items.values() if item.resource_id == server and item.status == "available"]


def size(items: t.Iterable[t.Any]) -> str:
    gigabytes = sum(item.size for item in items) / 1024
    return f"{gigabytes:.1f} GB" if gigabytes < 1024 else f"{gigabytes / 1024:.1f} TB"


def meets(cloud: Emulator, name: str) -> bool:
    return any(cloud.state.now - item.protected_at <= PROMISE for item in good(cloud, name))


# What the page shows


def column(page: Page, title: str, selector: str = "tbody tr:not([hidden])") -> list[str]:
    """Return the cells of the rows that are shown under a heading, without what is in small print."""
    return page.evaluate(
        """([title, selector]) => {
          const heads = [...document.querySelectorAll("#servers thead th")];
          const place = heads.findIndex((head) => head.textContent === title);
          return [...document.querySelectorAll("#servers " + selector)].map((row) => {
            const cell = row.cells[place].cloneNode(true);
            cell.querySelectorAll("small").forEach((small) => small.remove());
            return cell.textContent.trim();
          });
        }""",
        [title, selector],
    )


def names(page: Page) -> list[str]:
    return column(page, "Server")


def row_of(page: Page, cloud: Emulator, name: str) -> Locator:
    return page.locator("#servers tbody tr", has=page.get_by_text(cloud.server(name).id, exact=True))


def violations(page: Page) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate(axe())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)")
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


# ========== Figures ==========
def test_the_verdict_and_its_reasons_are_those_of_the_cloud(sight: Opened, made: Made) -> None:
    met = sum(meets(made.cloud, name) for name in AGES)
    never = sum(not good(made.cloud, name) for name in AGES)
    assert 0 < never < len(AGES) - met
    verdict = sight.page.locator("#verdict")
    assert verdict.locator("h2").inner_text() == f"{met} of {len(AGES)} servers meet the promised recovery point"
    assert "Not met" in verdict.inner_text()
    assert f"{never}: there is no good backup" in verdict.inner_text()
    assert f"{len(AGES) - met - never}: the last good backup is too old" in verdict.inner_text()
    backups = [item for item in made.cloud.state.items.values() if item.status == "available"]
    facts = dict(zip(verdict.locator("dt").all_inner_texts(), verdict.locator("dd").all_inner_texts()))
    assert facts["good backups"] == str(len(backups))
    assert facts["size of the backups"] == size(backups)


def test_each_server_has_the_figures_of_the_cloud(sight: Opened, made: Made) -> None:
    page = sight.page
    shown = {
        name: figures
        for name, *figures in zip(
            names(page),
            *(column(page, title) for title in ("Recovery point", "Backups", "Last 4 weeks", "Size", "Policy")),
        )
    }
    policies = {one["id"]: policy.name for policy in made.cloud.state.policies.values() for one in policy.resources}
    today = made.cloud.state.now.date()
    assert shown == {
        name: [
            "\u2713 met" if meets(made.cloud, name) else "\u2717 not met",
            str(len(backups := good(made.cloud, name))),
            str(len({item.protected_at.date() for item in backups} & {today - timedelta(day) for day in range(28)})),
            size(backups),
            policies.get(made.cloud.server(name).id, "no policy"),
        ]
        for name in AGES
    }


def test_a_calendar_has_a_mark_for_each_day(sight: Opened, made: Made) -> None:
    """The length of all marks together is the number of days, and today is the last."""
    row = row_of(sight.page, made.cloud, "db-10")
    runs = re.findall(r"M(\d+) 1.5h(\d+)", row.locator("svg path").first.get_attribute("d") or "")
    today = made.cloud.state.now.date()
    days = {27 - (today - item.protected_at.date()).days for item in good(made.cloud, "db-10")}
    assert {day for start, length in runs for day in range(int(start), int(start) + int(length))} == days
    failed = row_of(sight.page, made.cloud, "db-1")
    assert failed.locator("path.f").get_attribute("d") == "M27 2.4h1"
    assert failed.locator("svg").get_attribute("aria-label") == "1 good, 1 failed"


def test_the_charts_say_their_figures(sight: Opened, made: Made) -> None:
    met = sum(meets(made.cloud, name) for name in AGES)
    assert f"Recovery point met: {met} of {len(AGES)}." in sight.page.locator("#coverage-d").text_content()
    never = sum(not good(made.cloud, name) for name in AGES)
    young = sum(
        any(item.protected_at > made.cloud.state.now - PROMISE / 4 for item in good(made.cloud, name)) for name in AGES
    )
    ages = sight.page.locator("#age-d").text_content() or ""
    assert f"\u2264 6h: {young} servers." in ages and f"none: {never} server." in ages
    backups = [item for item in made.cloud.state.items.values() if item.status == "available"]
    assert (
        f"{made.cloud.state.now.date()}: {size(backups)} in {len(backups)} backups."
        in sight.page.locator("#growth-d").text_content()
    )


def test_policies_and_findings_are_those_of_the_cloud(sight: Opened, made: Made) -> None:
    policies = {policy.name: str(len(policy.resources)) for policy in made.cloud.state.policies.values()}
    rows = sight.page.locator("#policies tbody tr")
    assert (
        dict(zip(rows.locator("th").all_inner_texts(), rows.locator("td:nth-of-type(5)").all_inner_texts())) == policies
    )
    outside = {*AGES} - {
        made.cloud.state.servers[one["id"]].name
        for policy in made.cloud.state.policies.values()
        for one in policy.resources
    }
    finding = sight.page.locator("#unprotected")
    assert {text.replace("\n", " ") for text in finding.locator("li strong").all_text_contents()} == outside
    assert made.cloud.server("new-1").id in finding.locator("pre code").text_content()


def test_a_cloud_that_could_not_be_read_is_said_first(browser: Browser, several: Path) -> None:
    with opened(browser, several) as found:
        text = found.page.locator("main").inner_text()
        assert text.lstrip().startswith("\u26a0 Incomplete: 1 of 3 clouds could not be read")
        assert f"lost: no answer {HOSTILE[0]}" in text and "servers that could be read meet" in text
        assert found.noise == []


# ========== Sorting, filters, search ==========
@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Server", lambda cloud, name: None),
        ("Backup age", lambda cloud, name: min(AGES[name], default=float("inf"))),
        ("Backups", lambda cloud, name: len(AGES[name])),
        ("Size", lambda cloud, name: sum(item.size for item in good(cloud, name))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_column_sorts_in_both_directions_and_says_so(
    sight: Opened, made: Made, title: str, key: t.Callable[[Emulator, str], t.Any]
) -> None:
    page = sight.page
    head = page.get_by_role("columnheader", name=title, exact=False).filter(has_text=re.compile(f"^{title}$"))
    assert head.get_attribute("aria-sort") is None
    for direction in ("ascending", "descending"):
        head.get_by_role("button").press("Enter")
        assert head.get_attribute("aria-sort") == direction
        assert page.locator("[aria-sort]").count() == 1
        shown = names(page)
        assert sorted(shown) == sorted(AGES)
        if title == "Server":
            plain = [name for name in shown if name not in HOSTILE]
            natural = sorted(plain, key=lambda name: (name.split("-")[0], int(name.split("-")[1])))
            assert plain == (natural if direction == "ascending" else natural[::-1])
        else:
            keys = [key(made.cloud, name) for name in shown]
            assert len(set(keys)) > 3 and keys == sorted(keys, reverse=direction == "descending")


@pytest.mark.parametrize("choice", ["Recovery point not met", "Not every control passed", "Every control passed"])
def test_a_result_chooses_servers(sight: Opened, made: Made, choice: str) -> None:
    inside = {
        made.cloud.state.servers[one["id"]].name
        for policy in made.cloud.state.policies.values()
        for one in policy.resources
    }
    passed = {name for name in AGES if meets(made.cloud, name) and name in inside}
    expected = {
        "Recovery point not met": {name for name in AGES if not meets(made.cloud, name)},
        "Not every control passed": {*AGES} - passed,
        "Every control passed": passed,
    }[choice]
    sight.page.get_by_label("Result").select_option(choice)
    assert expected and {*names(sight.page)} == expected
    assert sight.page.get_by_role("status").inner_text() == f"{len(expected)} of {len(AGES)} servers are shown"


def test_policies_and_words_choose_servers_together(sight: Opened, made: Made) -> None:
    page = sight.page
    page.locator("#choose").get_by_label("Policy").select_option(HOSTILE[1])
    assert {*names(page)} == {HOSTILE[0], "db-2"}
    page.locator("#choose").get_by_label("Policy").select_option("nightly")
    page.get_by_label("Search").fill("DB-")
    assert names(page) == ["db-10"]
    page.locator("#choose").get_by_label("Policy").select_option("All")
    assert {*names(page)} == {"db-1", "db-2", "db-10"}
    page.get_by_label("Search").fill(made.cloud.server("web-3").id)
    assert names(page) == ["web-3"]
    page.get_by_label("Search").fill("no such server")
    assert names(page) == []
    assert page.get_by_role("status").inner_text() == f"0 of {len(AGES)} servers are shown"
    page.get_by_label("Search").fill("")
    assert {*names(page)} == {*AGES}


def test_a_cloud_chooses_servers(browser: Browser, several: Path) -> None:
    with opened(browser, several) as found:
        assert len(names(found.page)) == 2 * len(AGES)
        found.page.get_by_label("Cloud").select_option("second")
        assert sorted(names(found.page)) == sorted(AGES)


# ========== Safety ==========
def test_a_name_is_only_a_name(sight: Opened) -> None:
    assert {*HOSTILE} < {*names(sight.page)}
    # The page's own script, and no picture but its drawings
    assert sight.page.locator("script").count() == 1 and sight.page.locator("img, iframe, object, link").count() == 0
    assert sight.page.evaluate("[...document.querySelectorAll('*')].every((e) => !e.getAttribute('onerror'))")


def test_the_page_needs_nothing_from_outside_and_says_nothing(sight: Opened, made: Made) -> None:
    sight.page.get_by_label("Search").fill("web")
    sight.page.locator("#servers th button").first.click()
    sight.page.mouse.wheel(0, 100_000)
    assert sight.requests == [made.file.as_uri()] and sight.noise == []


def test_the_policy_of_the_page_forbids_what_is_not_the_page(browser: Browser, made: Made) -> None:
    with opened(browser, made.file) as found:
        violated = found.page.evaluate(
            """async () => {
              const violated = [];
              document.addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
              const add = (name, key, value) => new Promise((resolve) => {
                const element = document.createElement(name);
                element[key] = value;
                element.onload = element.onerror = resolve;
                document.body.append(element);
                if (key === "textContent") resolve();
              });
              await add("script", "textContent", "window.ran = true");
              await add("style", "textContent", "body { opacity: 0 }");
              await add("script", "src", "data:text/javascript,window.ran=true");
              await add("img", "src", "data:image/gif;base64,R0lGODlh");
              await add("iframe", "src", "https://example.com");
              await fetch("https://example.com").catch(() => null);
              // Events come after what caused them.
              await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
              return [window.ran, getComputedStyle(document.body).opacity, ...violated];
            }"""
        )
        assert found.requests == [made.file.as_uri()]
    kinds = ["script-src-elem", "style-src-elem", "script-src-elem", "img-src", "frame-src", "connect-src"]
    assert violated[:2] == [None, "1"] and sorted(violated[2:]) == sorted(kinds)


# ========== For everybody ==========
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_nothing_is_in_the_way_of_anybody(browser: Browser, several: Path, scheme: str, width: int) -> None:
    with opened(browser, several, color_scheme=scheme, viewport={"width": width, "height": 900}) as found:
        light = found.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((c) => c > 127)"
        )
        assert light is (scheme == "light")
        assert violations(found.page) == []
        # Only tables are wider than a narrow screen, and they scroll by themselves.
        assert found.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_keyboard_reaches_everything_and_shows_where_it_is(sight: Opened) -> None:
    page = sight.page
    reached = []
    for step in range(200):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
              const element = document.activeElement, style = getComputedStyle(element);
              const outlined = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
              return [element.tagName, element.textContent.trim(), outlined];
            }"""
        )
        if focus[0] == "BODY":
            break
        reached.append(focus)
    assert all(visible for dummy, dummy, visible in reached)
    assert reached[0][:2] == ["A", "Skip to the verdict"]
    kinds = [kind for kind, dummy, dummy in reached]
    assert kinds.count("BUTTON") == page.locator("#servers th button").count() > 5
    assert kinds.count("SELECT") == 2 and kinds.count("INPUT") == 1
    assert kinds.count("SUMMARY") == page.locator("summary").count() > 0


def test_without_scripts_the_page_is_complete(browser: Browser, made: Made) -> None:
    with opened(browser, made.file, java_script_enabled=False) as found:
        page = found.page
        assert page.locator("form").is_hidden() and page.locator("#servers button").count() == 0
        rows = page.locator("#servers tbody tr")
        assert rows.count() == len(AGES) and all(row.is_visible() for row in rows.all())
        assert page.locator("figure svg").count() == 4 and page.locator("#findings pre").count() > 0


def test_paper_has_all_rows_and_no_controls(sight: Opened) -> None:
    page = sight.page
    page.get_by_label("Search").fill("no such server")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = false; })")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("form").is_hidden() and page.locator("nav").is_hidden()
    assert all(row.is_visible() for row in page.locator("#servers tbody tr").all())
    assert page.evaluate("getComputedStyle(document.querySelector('#servers thead')).display") == "table-header-group"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("[...document.querySelectorAll('pre')].every((pre) => pre.checkVisibility())")
    # A4 in points, on its side
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    assert sheets and {(round(float(wide)), round(float(high))) for wide, high in sheets} == {(842, 595)}


# ========== On the way to CBR ==========
@pytest.fixture(scope="module")
def migrating(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a migration that is half done, with hostile names, and of a cloud whose plan could not be read."""
    folder = tmp_path_factory.mktemp("migrating")
    with Emulator(mode="live", speed=0, list_delay=0, servers=6) as cloud:
        hostile_fleet(cloud)
        hostile_vault(cloud)
        clouds = {"first": cloud, "second": cloud}
        document = document_of(clouds, {"second": f"no plan {HOSTILE[0]}"}, services=["csbs", "cbr"])
    render(document, folder, "html")
    return folder / "protection.html"


def states(page: Page) -> list[str]:
    """Return the states of the servers that the table of the migration shows."""
    cells = page.locator("#migrating tbody tr:not([hidden]) td:nth-of-type(2)").all_inner_texts()
    return sorted(cell.lstrip("\u2713\u26a0? ") for cell in cells)


NOT_DONE = ["in CSBS", "in CSBS", "in no policy", "on the way"]


def test_servers_that_are_not_done_are_shown_and_the_filter_shows_the_others(browser: Browser, migrating: Path) -> None:
    with opened(browser, migrating) as found:
        form = found.page.get_by_role("search", name="Servers on the way to CBR")
        assert states(found.page) == NOT_DONE
        assert form.get_by_role("status").inner_text() == "4 of 5 servers are shown"
        for choice, expected in (("Done", ["done"]), ("On the way", ["on the way"]), ("All", ["done", *NOT_DONE])):
            form.get_by_label("State").select_option(choice)
            assert states(found.page) == expected
        form.get_by_label("Search").fill("on the way")
        assert states(found.page) == ["on the way"]
        # The two tables are chosen from by themselves.
        assert found.page.locator("#servers tbody tr:not([hidden])").count() == 2 * 5
        assert found.noise == [] and found.requests == [migrating.as_uri()]


def test_policies_of_csbs_and_what_could_not_be_read_are_told(browser: Browser, migrating: Path) -> None:
    with opened(browser, migrating) as found:
        section = found.page.get_by_role("region", name="On the way to CBR")
        assert f"second: no plan {HOSTILE[0]}" in section.inner_text()
        heads = section.locator("table").first.locator("tbody th").all_inner_texts()
        assert sorted(heads) == sorted([CLOUD_NAMES[0], CLOUD_NAMES[3]])
        assert section.locator("script, img").count() == 0 and "1 of 5 servers is in CBR" in section.inner_text()
        found.page.get_by_role("link", name="On the way to CBR").click()
        assert section.get_by_role("heading", level=2).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_the_way_to_cbr_is_in_the_way_of_nobody(browser: Browser, migrating: Path, scheme: str, width: int) -> None:
    with opened(browser, migrating, color_scheme=scheme, viewport={"width": width, "height": 900}) as found:
        found.page.get_by_label("State").select_option("All")
        assert violations(found.page) == []
        assert found.page.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_and_on_paper_the_servers_that_are_not_done_are_all_there(
    browser: Browser, migrating: Path
) -> None:
    with opened(browser, migrating, java_script_enabled=False) as found:
        rows = found.page.locator("#migrating tbody tr").all()
        assert [row.is_visible() for row in rows].count(True) == len(NOT_DONE)
        assert all(form.is_hidden() for form in found.page.locator("form").all())
    with opened(browser, migrating) as found:
        form = found.page.get_by_role("search", name="Servers on the way to CBR")
        form.get_by_label("Search").fill("no such server")
        found.page.emulate_media(media="print")
        rows = found.page.locator("#migrating tbody tr").all()
        assert [row.is_visible() for row in rows].count(True) == len(NOT_DONE)


# ========== Many servers ==========
def test_five_thousand_servers_are_five_megabytes_and_only_those_in_sight_are_laid_out(
    browser: Browser, made: Made, tmp_path: Path
) -> None:
    document = document_of({None: made.cloud})
    project = document["clouds"][0]
    for rows in (project["servers"], *(finding["objects"] for finding in project["findings"])):
        rows[:] = (copy.deepcopy(rows) * (5000 // len(rows) + 1))[:5000]
    document["summary"] = {**document["summary"], "servers": 5000}
    render(document, tmp_path, "html")
    assert (tmp_path / "protection.html").stat().st_size < 5_000_000
    with opened(browser, tmp_path / "protection.html") as found:
        page = found.page
        assert page.locator("#servers tbody tr").count() == 5000
        assert page.evaluate("document.querySelectorAll('*').length") < 100_000
        laid_out = page.evaluate(
            """[...document.querySelectorAll("#servers tbody tr th small")].filter(
              (small) => small.checkVisibility({ contentVisibilityAuto: true })).length"""
        )
        assert laid_out < 200
        page.get_by_label("Search").fill("web-3")
        assert 0 < len(names(page)) < 1000 and {*names(page)} == {"web-3"}
        assert found.noise == []
