# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_info: its options, and the backups that match them."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._cloud.tags import add_tags
from .._domain.backup import backup_result
from .._domain.errors import InvalidInput
from .._domain.limits import MAX_SINGLE_READS, TAG_QUERIES, as_text
from .._domain.selection import find_one, is_id, names_of, once, parse_filters, parse_refs, parse_text
from .._domain.services import refuse_on, rules_of
from .._domain.tag_query import tag_query
from .._domain.times import parse_time, parse_user_time

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ServerRow

# Unknown IDs after which a list decides about the others
_MOST_MISSING = 100
_FIELDS = ("availability_zone", "checkpoint_id", "image_type", "status")


class BackupInfoOptions(t.NamedTuple):
    """The options of csbs_backup_info in normal form.

    query holds the options for tags; fields holds those that are compared with one field of a backup.
    """

    ids: list[str] | None
    name: str | None
    policy: str | None
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    created_after: datetime | None
    created_before: datetime | None
    query: dict[str, t.Any]
    fields: dict[str, str]
    count_only: bool

    @property
    def asks_for_servers(self) -> bool:
        """Whether the server of a backup decides if it matches."""
        return self.servers is not None or self.filters is not None


class _Scope(t.NamedTuple):
    """A query of the service that every matching backup fits, and the IDs of the servers, None for all servers."""

    query: dict[str, str]
    server_ids: set[str] | None


def parse_options(params: dict[str, t.Any]) -> BackupInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    _check_service(params)
    after, before = params["created_after"], params["created_before"]
    options = BackupInfoOptions(
        ids=parse_refs("ids", params["ids"]),
        name=parse_text("name", params["name"]),
        policy=parse_text("policy", params["policy"]),
        servers=parse_refs("servers", params["servers"]),
        filters=parse_filters(params["server_filters"]),
        created_after=None if after is None else parse_user_time("created_after", after),
        created_before=None if before is None else parse_user_time("created_before", before),
        query=tag_query(params),
        fields={field: text for field in _FIELDS if (text := parse_text(field, params[field])) is not None},
        count_only=bool(params["count_only"]),
    )
    if options.count_only:
        _check_countable(options)
    return options


def _check_service(params: dict[str, t.Any]) -> None:
    """Raise InvalidInput when the service has nothing like an option or its value."""
    rules = rules_of(params)
    if not rules.backup_tags:
        refuse_on(
            rules,
            {option: params[option] or None for option in TAG_QUERIES},
            dict.fromkeys(TAG_QUERIES, "keeps no tags on backups"),
        )
    for option, values in rules.backup_filters.items():
        if params[option] is not None and params[option] not in values:
            raise InvalidInput(
                f"{option}: no backup of {rules.title} has {params[option]!r}; there are {', '.join(values)}"
            )


def _check_countable(options: BackupInfoOptions) -> None:
    """Raise InvalidInput when the service cannot count what matches; it finds names by a part of them."""
    for option, value in (("ids", options.ids), ("name", options.name)):
        if value is not None:
            raise InvalidInput(
                f"count_only: the service cannot count by {option};"
                " leave count_only out, and count holds the number as well"
            )
    others = (options.policy, options.created_after, options.created_before, options.fields or None)
    if options.query and (options.asks_for_servers or any(value is not None for value in others)):
        raise InvalidInput(
            "count_only: the service counts by tags or by the other filters, not by both; leave count_only out"
        )


def read(options: BackupInfoOptions, cloud: Cloud) -> dict[str, t.Any]:
    """Return the matching backups, the newest first, and their number; with count_only the number alone.

    Raises InvalidInput for an ambiguous name of a server or policy.
    """
    if options.count_only and options.query:
        return {"backups": [], "count": cloud.count_tagged("backup", options.query)}
    servers = cloud.servers() if options.asks_for_servers else None
    scope = _find_scope(options, servers, cloud)
    if scope is None:
        return {"backups": [], "count": 0}
    if options.count_only:
        return {"backups": [], "count": _count(options, scope, cloud)}
    rows = _find_matching(options, scope, cloud)
    rows.sort(key=lambda row: (as_text(row.get("created_at")), row["id"]), reverse=True)
    add_tags(cloud, rows, "backup")
    if servers is None:
        servers = cloud.servers() if rows else []
    names = names_of(servers)
    return {"backups": [backup_result(row, names) for row in rows], "count": len(rows)}


def _find_scope(options: BackupInfoOptions, servers: list[ServerRow] | None, cloud: Cloud) -> _Scope | None:
    """Return where to look for backups, None when no backup can match. servers are None when all are meant."""
    query = dict(options.fields)
    server_ids = None if servers is None else _find_server_ids(options, servers, cloud)
    if options.policy is not None:
        policy_id = _find_policy_id(options.policy, cloud)
        if policy_id is None:
            return None
        query["policy_id"] = policy_id
    return None if server_ids == set() else _Scope(query, server_ids)


def _find_server_ids(options: BackupInfoOptions, servers: list[ServerRow], cloud: Cloud) -> set[str]:
    """Return the IDs of the servers that are meant. Names of former servers are looked for among the backups."""
    # Only tasks that name servers need it.
    from .._domain.server_lookup import resolve_servers, servers_of_backups

    known = {ref for server in servers for ref in (server["id"], server["name"])}
    names = [ref for ref in options.servers or [] if ref not in known and not is_id(ref)]
    # The service also finds the servers that have this name as a part of theirs.
    queries = [{"resource_name": name} for name in names] if len(names) <= MAX_SINGLE_READS else [{}]
    former = servers_of_backups(row for query in queries for row in cloud.backups(**query))
    return set(resolve_servers(options.servers, options.filters, servers, former, unknown="ignore"))


def _find_policy_id(ref: str, cloud: Cloud) -> str | None:
    """Return the ID of a policy, None when there is none. The ID of a deleted policy still finds its backups."""
    row = find_one("policy", ref, once(cloud.policies()))
    if row is not None:
        return row["id"]
    return ref if is_id(ref) else None


def _count(options: BackupInfoOptions, scope: _Scope, cloud: Cloud) -> int:
    query = dict(scope.query)
    for field, moment in (("start_time", options.created_after), ("end_time", options.created_before)):
        if moment is not None:
            query[field] = moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    if scope.server_ids is None:
        return cloud.count_backups(**query)
    if len(scope.server_ids) <= MAX_SINGLE_READS:
        return sum(cloud.count_backups(**query, resource_id=server_id) for server_id in sorted(scope.server_ids))
    return sum(1 for row in once(cloud.backups(**query)) if row["resource_id"] in scope.server_ids)


def _find_matching(options: BackupInfoOptions, scope: _Scope, cloud: Cloud) -> list[BackupRow]:
    if options.ids is None:
        rows = _list_candidates(options.name, scope, cloud)
    else:
        rows = _read_by_id(options.ids, scope, cloud)
    if options.query:
        tagged_ids = {row["resource_id"] for row in cloud.find_tagged("backup", options.query)}
        rows = [row for row in rows if row["id"] in tagged_ids]
    if scope.server_ids is not None:
        rows = [row for row in rows if row["resource_id"] in scope.server_ids]
    return [row for row in rows if _matches(row, options)]


def _list_candidates(name: str | None, scope: _Scope, cloud: Cloud) -> list[BackupRow]:
    """Return backups that include all matching ones, from as few and as short lists as possible."""
    query = scope.query if name is None else {**scope.query, "name": name}
    if scope.server_ids is None or len(scope.server_ids) > MAX_SINGLE_READS:
        return once(cloud.backups(**query))
    return once(row for server_id in sorted(scope.server_ids) for row in cloud.backups(**query, resource_id=server_id))


def _read_by_id(ids: list[str], scope: _Scope, cloud: Cloud) -> list[BackupRow]:
    """Return the backups with these IDs, made by the policy of the scope if it has one."""
    found: dict[str, BackupRow | None] = {}
    missing = 0
    for backup_id, row in cloud.backups_by_id(ids):
        found[backup_id] = row
        missing += row is None
        if missing >= _MOST_MISSING:
            # Those that no list shows are read one by one: thousands of them would take longer than the task may.
            break
    rows = [row for backup_id in ids if (row := found.get(backup_id)) is not None]
    if "policy_id" not in scope.query:
        return rows
    made_ids = {row["id"] for row in cloud.backups(policy_id=scope.query["policy_id"])}
    return [row for row in rows if row["id"] in made_ids]


def _matches(row: BackupRow, options: BackupInfoOptions) -> bool:
    """Return whether a backup matches the options that its own fields can answer."""
    # The service finds names by a part of them.
    if options.name is not None and row["name"] != options.name:
        return False
    return _is_created_within(row, options.created_after, options.created_before) and _has_fields(row, options)


def _is_created_within(row: BackupRow, after: datetime | None, before: datetime | None) -> bool:
    if after is None and before is None:
        return True
    created = parse_time(row.get("created_at"))
    return created is not None and (after is None or created >= after) and (before is None or created <= before)


def _has_fields(row: BackupRow, options: BackupInfoOptions) -> bool:
    if not options.fields:
        return True
    result = backup_result(row)
    # The service has filtered lists by these fields, even where its rows do not have them.
    listed = options.ids is None
    return all(result[field] == value or (listed and result[field] is None) for field, value in options.fields.items())
