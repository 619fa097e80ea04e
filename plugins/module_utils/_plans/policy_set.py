# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set: from the policies of a set and the servers that each is to have to the calls that make them so."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.limits import MAX_POLICIES, MAX_SERVERS_PER_POLICY, check_name
from .._domain.policy import as_resource, for_diff, members_of, policy_result
from .._domain.schedule import Rule
from .._domain.selection import server_refs
from .._domain.shards import SUFFIX_LENGTH, free_numbers, number_in, numbered
from .plan import Call, Plan
from .policy import change_of, delete_call, notes_on_vaults

if t.TYPE_CHECKING:
    from .._domain.rows import PolicyRow, ServerRow
    from .._domain.shards import Spread
    from .moves import Move
    from .policy_options import PolicyOptions

# The service answers with these codes when others have just changed the set: they have taken a name, put a server into
# a policy, created or deleted a policy.
_CHANGED_BY_OTHERS = frozenset({"CSBS.9007", "CSBS.6004", "CSBS.0001", "CSBS.3000", "BackupService.6000"})


class SetOptions(t.NamedTuple):
    """The options of csbs_policy_set in normal form.

    each: what every policy of the set gets. size: how many servers a policy has at most. stagger: minutes between the
    start times of two policies. always_numbered: whether a set of one policy has a number in its name. only_id: the ID
    of that policy, where the task names it by its ID.
    """

    each: PolicyOptions
    size: int = MAX_SERVERS_PER_POLICY
    stagger: int = 0
    always_numbered: bool = True
    only_id: str | None = None

    @property
    def name(self) -> str:
        """The name that the set is to have."""
        return self.each.new_name or self.each.name


class SetState(t.NamedTuple):
    """What the plan of a set rests on.

    policies: those of the set in full, in order. others: other policies with their servers, as far as servers may have
    to leave them. known: the names of all policies by ID. servers: all servers. chosen: those that the task names or
    filters. names: the names that servers have now, by ID. elsewhere: how many policies the other service has.
    """

    policies: list[PolicyRow]
    others: list[PolicyRow]
    known: t.Mapping[str, str]
    servers: list[ServerRow]
    chosen: list[ServerRow]
    names: t.Mapping[str, str]
    elsewhere: int = 0


class SetContext(t.NamedTuple):
    """What the finish step of csbs_policy_set needs to know.

    servers: all servers. created: the positions of the calls that create policies. deleted: the IDs of the policies
    that the plan deletes.
    """

    servers: list[ServerRow] = []
    created: tuple[int, ...] = ()
    deleted: tuple[str, ...] = ()


def policies_of_set(options: SetOptions, rows: t.Sequence[PolicyRow], fresh: t.Collection[str] = ()) -> list[PolicyRow]:
    """Return the policies of the list that belong to a set, under its old or its new name, in order.

    A set that needs no number has its only policy, or else numbered ones; or both, when all are fresh (IDs): tasks that
    create the set at once may not have agreed yet. Raises InvalidInput when both names have policies that cannot be
    those of one set.
    """
    new = _of_name(options, options.each.new_name, rows, fresh)
    # A policy that both names mean has been renamed.
    old = {key: number for key, number in _of_name(options, options.each.name, rows, fresh).items() if key not in new}
    if old and new and (None in (*old.values(), *new.values()) or set(old.values()) & set(new.values())):
        raise InvalidInput(
            f"new_name: {options.each.new_name!r} is the name of another policy or policy set: {', '.join(sorted(new))}"
        )
    numbers = {**old, **new}
    found = [row for row in rows if row["id"] in numbers]
    return sorted(found, key=lambda row: (numbers[row["id"]] or 0, row.get("created_at") or "", row["id"]))


def _of_name(
    options: SetOptions, name: str | None, rows: t.Iterable[PolicyRow], fresh: t.Collection[str]
) -> dict[str, int | None]:
    """Return by ID the numbers of the policies of a set with a name; None is the number of one that has none."""
    single: dict[str, int | None] = {}
    several: dict[str, int | None] = {}
    for row in rows if name else ():
        number = number_in(name or "", row["name"])
        if number is not None:
            several[row["id"]] = number
        elif row["name"] == name and not options.always_numbered and _is_meant(options, row):
            single[row["id"]] = None
    both = {**single, **several}
    agreed = options.only_id is not None or not all(policy_id in fresh for policy_id in both)
    return single or several if agreed else both


def _is_meant(options: SetOptions, row: PolicyRow) -> bool:
    """Return whether the task means a policy without a number, and not another one of the same name."""
    return options.only_id in (None, row["id"]) or row["name"] != options.each.name


def plan_absent_set(
    policies: list[PolicyRow], names: t.Mapping[str, str], name: str, staying: t.Sequence[str] = ()
) -> Plan[SetContext]:
    """Return the plan after which a set has no policies. Their backups stay.

    staying are the names of their vaults that stay, because they hold backups.
    """
    current = [policy_result(policy, names) for policy in policies]
    return Plan(
        tuple(delete_call(policy) for policy in policies),
        {"policies": [for_diff(policy) for policy in current]},
        {"policies": []},
        {"policies": [], "servers": [], "notes": notes_on_vaults(staying)},
        context=SetContext(deleted=tuple(policy["id"] for policy in policies)),
        lock=f"policy set {name}",
    )


def plan_set(options: SetOptions, state: SetState, spread: Spread) -> Plan[SetContext]:
    """Return the plan after which each policy of a set has its servers and everything else that was asked for.

    Raises InvalidInput when a limit forbids it.
    """
    _check_quota(options, state, spread)
    steps = _Steps(options, state, spread)
    for policy in state.policies:
        if policy["id"] in spread.kept:
            steps.change(policy)
    for servers in spread.new:
        steps.create(servers)
    for policy in state.policies:
        if policy["id"] in spread.dropped:
            steps.drop(policy)
    steps.calls += steps.last_calls
    after = sorted(steps.after, key=lambda policy: policy["name"])
    current = [policy_result(policy, state.names) for policy in state.policies]
    return Plan(
        tuple(steps.calls),
        {"policies": [for_diff(policy) for policy in current]},
        {"policies": [for_diff(policy) for policy in after]},
        {
            "policies": after,
            "servers": server_refs(state.chosen),
            "notes": list(dict.fromkeys([*options.each.notes, *steps.notes])),
        },
        context=SetContext(state.servers, tuple(steps.created), tuple(spread.dropped)),
        lock=f"policy set {options.each.name}",
        replan_on=_CHANGED_BY_OTHERS,
    )


def _check_quota(options: SetOptions, state: SetState, spread: Spread) -> None:
    if spread.new and len(state.known) + state.elsewhere + len(spread.new) > MAX_POLICIES:
        needed = len(spread.kept) + len(spread.new)
        others = len(state.known) - len(state.policies) + state.elsewhere
        raise InvalidInput(
            f"servers: with up to {options.size} servers in each policy, policy set {options.name!r} would be"
            f" {needed} of {needed + others} policies; the service allows {MAX_POLICIES} in a project"
        )


class _Steps:
    """The calls of the plan of a set, policy by policy."""

    def __init__(self, options: SetOptions, state: SetState, spread: Spread) -> None:
        self._options, self._state, self._spread = options, state, spread
        self._rows = {server["id"]: server for server in state.chosen}
        # Servers that change to another policy of the set leave with the call that lets them join it.
        self._joining = {server for servers in spread.new for server in servers}
        for policy in state.policies:
            members = {member["id"] for member in members_of(policy)}
            self._joining.update(server for server in spread.kept.get(policy["id"], ()) if server not in members)
        self._numbered = options.always_numbered or len(spread.kept) + len(spread.new) > 1
        self._numbers = _numbers(options, state.policies)
        self._free = free_numbers(self._numbers.values())
        self.calls: list[Call] = []
        self.after: list[dict[str, t.Any]] = []
        self.notes: list[str] = []
        self.created: list[int] = []
        self.last_calls: list[Call] = []
        self._check_name()

    def change(self, policy: PolicyRow) -> None:
        """Add the calls that make a policy of the set as desired."""
        servers = self._spread.kept[policy["id"]]
        stay = set(servers)
        joining = [self._rows[server] for server in servers if server in self._joining]
        number = self._numbers[policy["id"]] if self._numbered else 1
        name = self._name(number)
        late = not self._numbered and name != policy["name"] and bool(self._spread.dropped)
        options = self._shifted(self._options.each, number)._replace(new_name=None if late else name)
        change = change_of(
            options,
            policy,
            [as_resource(server) for server in joining],
            self._leaving(policy, stay),
            self._moves(joining),
            self._state.names,
            self._others(policy),
            most=self._options.size,
        )
        self.calls += change.calls
        self.notes += [note for note in change.notes if note not in self._options.each.notes]
        if len(servers) > self._options.size:
            self.notes.append(
                f"Policy {name!r} keeps {len(servers)} servers, more than servers_per_policy, because they must not or"
                " cannot move to another policy"
            )
        after = {**change.after, "servers": [member for member in change.after["servers"] if member["id"] in stay]}
        self.after.append({**after, "name": name})
        if late:
            self.last_calls += self._rename(policy, name)

    def create(self, servers: list[str]) -> None:
        """Add the calls that create a policy of the set."""
        # Loaded here, because most tasks create nothing.
        from .moves import move_calls
        from .new_policy import creation_of
        from .policy_template import fill_from

        number = next(self._free)
        name = self._name(number)
        chosen = [self._rows[server] for server in servers]
        template = self._state.policies[0] if self._state.policies else None
        each, notes = fill_from(template, self._options.each, name)
        create, after = creation_of(self._shifted(each, number), name, chosen, self._state.known, self._others())
        self.calls += move_calls(self._moves(chosen), each.rules)
        self.created.append(len(self.calls))
        self.calls.append(create)
        self.after.append(after)
        self.notes += notes

    def drop(self, policy: PolicyRow) -> None:
        """Add the call that deletes a policy that is no longer needed."""
        operation = f"delete backup policy {policy['name']!r}"
        arguments = {"operation": operation, "policy": policy["id"], "leaving": self._leaving(policy)}
        self.calls.append(Call(operation, "delete_empty_policy", arguments, missing_ok=True))

    def _leaving(self, policy: PolicyRow, stay: t.Collection[str] = ()) -> list[str]:
        """Return the servers of a policy that neither stay nor join another one."""
        others = self._joining.union(stay)
        return [member["id"] for member in members_of(policy) if member["id"] not in others]

    def _others(self, policy: PolicyRow | None = None) -> list[PolicyRow]:
        """Return the places that servers may leave for a policy of the set, or for a new one."""
        own = [other for other in self._state.policies if policy is None or other["id"] != policy["id"]]
        return [*self._state.others, *own]

    def _moves(self, joining: list[ServerRow]) -> list[Move]:
        """Return which servers must leave which policies, also those of the set, before they can join one."""
        if not joining:
            return []
        # Loaded here, because in most tasks no server joins.
        from .moves import find_moves

        return find_moves(joining, [*self._state.others, *self._state.policies], True)

    def _check_name(self) -> None:
        """Raise InvalidInput when the name of the set cannot have numbers and needs them."""
        if not self._numbered:
            return
        name = self._options.name
        if self._options.only_id:
            raise InvalidInput(
                f"name: {self._options.only_id} is the ID of one policy, and one policy is not enough for the servers;"
                " give the name of the set instead"
            )
        check_name("new_name" if self._options.each.new_name else "name", name, room=SUFFIX_LENGTH)
        own_ids = {policy["id"] for policy in self._state.policies}
        beside = [
            other
            for policy_id, other in self._state.known.items()
            if policy_id not in own_ids and number_in(name, other) is not None
        ]
        if beside:
            raise InvalidInput(
                f"servers: one policy is not enough for {name!r}, and policies with numbers would not be told from"
                f" others that exist: {', '.join(sorted(beside))}. Rename these, or choose another name"
            )

    def _name(self, number: int) -> str:
        return numbered(self._options.name, number) if self._numbered else self._options.name

    def _rename(self, policy: PolicyRow, name: str) -> tuple[Call, ...]:
        """Return the call that gives the last policy the name without a number.

        It is the last call of a plan: a policy of this name beside numbered ones would not belong to their set.
        """
        each = self._options.each._replace(new_name=name, description=None, rule=None, tags=None)
        return change_of(each, policy, [], [], []).calls

    def _shifted(self, options: PolicyOptions, number: int) -> PolicyOptions:
        """Return options with the start times of the policy with a number."""
        if not self._options.stagger or not isinstance(options.rule, Rule):
            return options
        from .._domain.stagger import shifted

        return options._replace(rule=shifted(options.rule, self._options.stagger * (number - 1), "stagger_minutes"))


def _numbers(options: SetOptions, policies: list[PolicyRow]) -> dict[str, int]:
    """Return by ID the number of each policy. Where two have the same one, the older keeps it."""
    numbers: dict[str, int] = {}
    without = []
    for policy in policies:
        number = next(
            (
                found
                for name in (options.each.name, options.each.new_name)
                if name and (found := number_in(name, policy["name"])) is not None
            ),
            None,
        )
        if number is None or number in numbers.values():
            without.append(policy["id"])
        else:
            numbers[policy["id"]] = number
    free = free_numbers(numbers.values())
    return {**numbers, **{policy_id: next(free) for policy_id in without}}
