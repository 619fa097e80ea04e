# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules: what they mean, and tasks in which they are the only thing that may be wrong."""

from __future__ import annotations

import copy
import importlib
import typing as t

import yaml

from tests.support.modules import COLLECTION, MODULES, Args, documentation

#: An ID that nothing has
ID = "00000000-0000-4000-8000-{:012d}"


class Option(t.NamedTuple):
    """An option or suboption: its path, as servers or schedule.times, and its documentation."""

    module: str
    path: tuple[str, ...]
    doc: t.Mapping[str, t.Any]

    @property
    def name(self) -> str:
        """The path as messages write it."""
        return ".".join(self.path)

    @property
    def role(self) -> str:
        """What its value means, or else its type."""
        words = (f"{self.module}.{self.name}", self.name, self.path[-1])
        found = next((role for word in words for role, names in _ROLES.items() if word in names), None)
        if found is None and "choices" in self.doc and self.doc["type"] == "str":
            return "choice"
        return found or str(self.doc["type"])


_ROLES: dict[str, tuple[str, ...]] = {
    "login": (
        *("auth", "auth_type", "ca_cert", "client_cert", "client_key", "cloud"),
        *("region_name", "sdk_log_path"),
    ),
    "description": ("description",),
    "name": (
        *("csbs_policy.name", "csbs_policy_set.name", "csbs_backup.name", "csbs_image.name", "new_name"),
        *("target_name", "vault.name", "csbs_backup.vault"),
    ),
    "reference": ("policy", "csbs_policy_info.name", "backup", "server", "target_server", "backup_id", "volume_id"),
    "exact text": ("csbs_backup_info.name", "checkpoint_id", "image_type", "csbs_backup_info.availability_zone"),
    "references": ("servers", "ids", "policies", "resources"),
    "glob": ("server_filters.name", "csbs_backup_prune.name"),
    "words": ("server_filters.status", "server_filters.availability_zone", "server_filters.tags"),
    "age": ("max_age", "older_than", "min_frequency", "restore_tested_within"),
    "duration": (
        "keep_within",
        *(f"keep_within_{name}" for name in ("hourly", "daily", "weekly", "monthly", "yearly")),
    ),
    "time": ("before", "created_after", "created_before"),
    "zone": ("timezone",),
    "clock": ("times",),
    "days": ("schedule.days",),
    "frequency": ("schedule.frequency",),
    "pattern": ("pattern",),
    "services": ("services",),
    "key": ("max_age_key", "restore_tested_key"),
    "metadata": ("metadata",),
    "tag filter": ("csbs_backup_prune.tags", "csbs_backup_prune.keep_tags"),
    "tag query": (
        *(
            f"{module}.{name}"
            for module in ("csbs_backup_info", "csbs_policy_info", "csbs_tag_info")
            for name in ("tags",)
        ),
        *("tags_any", "not_tags", "not_tags_any"),
    ),
    "tags": ("tags",),
}


def options_of(module: str) -> list[Option]:
    """Return the options and suboptions of a module, those of its documentation fragments among them."""
    doc = documentation(module, "DOCUMENTATION")
    found: dict[str, t.Any] = {}
    for fragment in doc["extends_documentation_fragment"]:
        found.update(_fragment(fragment).get("options") or {})
    for name, own in (doc["options"] or {}).items():
        found[name] = {**found.get(name, {}), **own}
    return list(_walk(module, (), found))


def _fragment(name: str) -> t.Any:
    dummy, dummy, file, *part = name.split(".")
    fragments = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{file}").ModuleDocFragment
    return yaml.safe_load(getattr(fragments, part[0].upper() if part else "DOCUMENTATION"))


def _walk(module: str, path: tuple[str, ...], options: t.Mapping[str, t.Any]) -> t.Iterator[Option]:
    for name, doc in options.items():
        yield Option(module, (*path, name), doc)
        yield from _walk(module, (*path, name), doc.get("suboptions") or {})


OPTIONS = [option for module in MODULES for option in options_of(module)]
# ========== Tasks ==========
SCHEDULE: Args = {"frequency": "daily", "times": ["02:00"]}
WEEKLY: Args = {"frequency": "weekly", "days": ["MO"], "times": ["02:00"]}
BASES: dict[str, Args] = {
    "csbs_audit_info": {},
    "csbs_backup": {"servers": ["srv-0001"]},
    "csbs_backup_info": {},
    "csbs_backup_prune": {"servers": ["srv-0001"], "keep_last": 1},
    "csbs_image": {"backup": "before", "name": "image"},
    "csbs_migration": {"policy": "nightly"},
    "csbs_migration_info": {},
    "csbs_policy": {"name": "new", "schedule": SCHEDULE},
    "csbs_policy_info": {},
    "csbs_policy_run": {"policy": "nightly"},
    "csbs_policy_server": {"policy": "nightly", "servers": ["srv-0001"]},
    "csbs_policy_set": {"name": "new", "schedule": SCHEDULE},
    "csbs_protection_info": {},
    "csbs_quota_info": {},
    "csbs_restore": {"backup": "before", "confirm": True},
    "csbs_tag": {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "a"}},
    "csbs_tag_info": {"resource_type": "policy"},
}


def base_of(option: Option) -> Args:
    base = copy.deepcopy(BASES[option.module])
    head, name = option.path[0], option.name
    if name == "ids" and option.module == "csbs_backup":
        return {"state": "absent"}
    if name == "schedule.days":
        return {**base, "schedule": copy.deepcopy(WEEKLY)}
    if name == "schedule.pattern":
        return {**base, "schedule": {}}
    if name == "stagger_minutes":
        return {**base, "servers": ["srv-0001"]}
    if name == "before":
        return {"server": "srv-0001", "confirm": True}
    if head == "volumes" and len(option.path) > 1:
        return {**base, "volumes": [{"backup_id": ID.format(1), "volume_id": ID.format(2)}]}
    if head == "decisions" and len(option.path) > 1:
        return {"decisions": [{"policy": "nightly"}]}
    if (
        head in ("vault", "leaving_backups")
        and option.module != "csbs_migration"
        and "service" in _names(option.module)
    ):
        base.update(service="cbr", **({"confirm": True} if head == "leaving_backups" else {}))
    if name.startswith("retention.") and name.split(".")[1] in ("daily", "weekly", "monthly", "yearly"):
        base["retention"] = {"timezone": "UTC"}
    return base


def _names(module: str) -> set[str]:
    return {option.path[0] for option in OPTIONS if option.module == module}
