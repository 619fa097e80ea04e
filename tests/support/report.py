# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the role report without a play: the document of a local cloud, and what the templates make of it."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import yaml

from tests.support.estate import create_policy, make_image, send
from tests.support.modules import run_ok

ROLE = Path(__file__).parents[2] / "roles" / "report"
SPEC: dict[str, t.Any] = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))["csbs_report_spec"]
EVERY_CONTROL = {
    "min_frequency": "24h",
    "min_retention_days": 14,
    "locked": True,
    "restore_tested_within": "90d",
}
#: Names of six servers, with what other programs could take for something else than a name
HOSTILE = [
    "<script>alert(1)</script>&amp;",
    "{{ lookup('pipe', 'touch executed') }}{% raw %}{# x #}",
    "=cmd|' /C calc'!A0;=1+1",
    '@SUM(1) a|b `x` "quote" back\\slash\\',
    "two\nlines \u202eleft\x1b[31m\r\n```",
    "[a](http://example.com) ![i](x) **b** <http://example.com> www.example.com a@example.com # h",
]


def hostile_fleet(cloud: t.Any) -> None:
    """Give six servers hostile names, and every state that the formats tell apart."""
    cloud.clock.set_speed(0)
    ids = list(cloud.state.servers)
    make_image(cloud, cloud.make_backup(ids[5], HOSTILE[5]).id)
    for number, name in ((1, HOSTILE[0]), (2, HOSTILE[3])):
        rows = [{"id": ids[number], "type": "OS::Nova::Server", "name": "server"}]
        send(cloud, "PUT", f"/policies/{create_policy(cloud, 'plain')}", {"policy": {"resources": rows}})
        list(cloud.state.policies.values())[-1].name = name
    list(cloud.state.policies.values())[-1].enabled = False
    for server_id in ids[1:5]:
        cloud.make_backup(server_id, HOSTILE[2], age=3600)
        cloud.make_backup(server_id, HOSTILE[1], age=3 * 86400)
    cloud.force_backup(cloud.make_backup(ids[2], "new").id, status="error", fail_reason=HOSTILE[4])
    cloud.change_server(ids[0], metadata={"rpo": HOSTILE[1], "csbs_restore_tested": HOSTILE[0]}, status="ERROR")
    for server_id, name in zip(ids, HOSTILE):
        cloud.state.servers[server_id].name = name
        for item in cloud.state.items.values():
            if item.resource_id == server_id:
                item.resource_name = name
    cloud.remove_server(ids[4])
    cloud.journal.clear()


def hostile_vault(cloud: t.Any) -> None:
    """Put a server into a vault of a policy, and one on its way into a vault without one; their names are hostile."""
    *others, server = cloud.state.servers
    vault = cloud.make_vault(HOSTILE[0], [server])
    cloud.make_vault_policy(HOSTILE[3], [vault.id])
    cloud.make_vault_backup(server, vault.id, HOSTILE[2], age=60)
    cloud.make_vault(HOSTILE[0], tags={others[3]: next(iter(cloud.state.policies))})
    cloud.journal.clear()


def document_of(
    clouds: t.Mapping[str | None, t.Any], unplanned: t.Mapping[str, str] | None = None, **options: t.Any
) -> dict[str, t.Any]:
    """Return the document about clouds by their names; a text in place of a cloud is why it could not be read.

    unplanned are by the name of a cloud why it could not be read where its servers are on the way to CBR.
    """
    from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protection_report import (
        protection_report,
    )

    audits = []
    for name, cloud in clouds.items():
        if isinstance(cloud, str):
            audits.append({"cloud": name, "msg": cloud})
            continue
        audits.append({"cloud": name, **run_ok("csbs_audit_info", options, cloud)})
        if len(options.get("services") or ()) > 1:
            error = (unplanned or {}).get(name or "")
            audits[-1]["migration"] = {"msg": error} if error else run_ok("csbs_migration_info", {}, cloud)
    return protection_report(audits, datetime.now(timezone.utc))


def render(document: dict[str, t.Any], folder: Path, *suffixes: str) -> dict[str, str]:
    """Return the files that the role would write into a folder, by suffix."""
    (folder / "protection.json").write_text(json.dumps(document), encoding="utf-8")
    # In a process of its own: the loader of collections would replace that of the tests.
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.report", str(folder), *suffixes]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROLE.parents[1], check=False)
    assert done.returncode == 0, done.stderr
    return {suffix: (folder / f"protection.{suffix}").read_bytes().decode("utf-8") for suffix in suffixes}


def _main(folder: Path, suffixes: list[str]) -> None:
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar

    try:
        from ansible.template import trust_as_template
    except ImportError:
        # Before ansible-core 2.19 every text is a template.
        trust_as_template = str
    init_plugin_loader()
    from ansible_collections.opentelekomcloud.csbs.plugins.plugin_utils._untrusted import untrusted

    document = json.loads((folder / "protection.json").read_text(encoding="utf-8"))
    variables = {"csbs_report": untrusted(document), "csbs_report_spec": SPEC, "csbs_report_folder": str(folder)}
    loader = DataLoader()
    loader.set_basedir(str(ROLE / "templates"))
    for suffix in suffixes:
        source = (ROLE / "templates" / f"protection.{suffix}.j2").read_text(encoding="utf-8")
        text = str(Templar(loader=loader, variables=variables).template(trust_as_template(source)))
        (folder / f"protection.{suffix}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2:])
