# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows backups until each has ended, and says how."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._domain.backup import IN_PROGRESS, USABLE, backup_result, describe_backup
from .._domain.errors import TaskFailed
from .._domain.protectability import describe_refusal
from .._domain.selection import names_of
from .._domain.times import parse_time
from .watch import failure_texts, first_fields, follow, join_problems, problems_of

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.errors import CloudError
    from .._domain.rows import BackupRow, Row, ServerRow
    from .._plans.backup import BackupOptions, CreationContext
    from .._plans.plan import Outcome, Plan
    from .._plans.policy_run import RunContext, RunOptions
    from .clock import Clock
    from .watch import WaitOptions

# After this many polls without a started backup, the list is no longer filtered by start time: clocks differ.
_POLLS_BEFORE_FULL_LIST = 3
# Lists lag. A server that is not listed when all others have ended is looked for in this many more polls.
_MORE_POLLS_FOR_MISSING = 3


class BackupFollower:
    """Follows backups of several servers by one list."""

    def __init__(self, cloud: Cloud, name: str | None = None, checkpoint_id: str | None = None) -> None:
        """Follow backups whose names begin with name, or backups of a checkpoint, or any others."""
        self._cloud, self._name, self._checkpoint_id = cloud, name, checkpoint_id
        self._polls = 0
        self._filter_by_time = True
        self._seen: set[str] = set()
        # By checkpoint, how often its missing servers are looked for
        self._polls_left: dict[str, int] = {}
        #: By server ID, what is known of its backup; checkpoint_id and resource_id are always known
        self.rows: dict[str, BackupRow] = {}
        #: By server ID, why its backup failed
        self.failed: dict[str, str] = {}
        #: By server ID, why the call made no backup, in the words of its answer
        self.skipped: dict[str, str] = {}
        #: IDs of servers that were left out without a message
        self.left_out: list[str] = []

    def add(self, row: BackupRow, seen: bool) -> None:
        """Follow one more backup; seen says whether the service has already shown it."""
        self.rows[row["resource_id"]] = row
        if seen:
            self._seen.add(row["resource_id"])

    def start(self, planned: BackupRow, answer: Row) -> None:
        """Follow the backup of a server that a call has started, given what was planned and the answer of the call."""
        server_id = planned["resource_id"]
        reason = (answer.get("skipped") or {}).get(server_id)
        if reason is not None:
            self.skipped[server_id] = reason
            return
        row = planned.copy()
        row["checkpoint_id"], row["created_at"] = answer["id"], answer.get("created_at")
        self.add(row, seen=False)
        shown = (answer.get("rows") or {}).get(server_id)
        if shown is not None:
            self._update(server_id, shown)

    @property
    def pending(self) -> dict[str, BackupRow]:
        """By server ID, the backups that have not ended."""
        return {
            server_id: row
            for server_id, row in self.rows.items()
            if server_id not in self.failed and row.get("status") not in USABLE
        }

    @property
    def unlisted(self) -> list[str]:
        """IDs of the servers whose backups the service has not shown yet."""
        return [server_id for server_id in self.pending if server_id not in self._seen]

    def refresh(self, early: bool = False) -> bool:
        """Read the list once; return whether every backup has ended."""
        pending = self.pending
        if not pending:
            return True
        self._polls += not early
        query = self._query(pending)
        listed = {(row["checkpoint_id"], row["resource_id"]): row for row in self._cloud.backups(**query)}
        for server_id, known in pending.items():
            row = listed.get((known["checkpoint_id"], server_id))
            if row is None and server_id in self._seen:
                if "start_time" in query:
                    self._filter_by_time = False
                    continue
                # Lists lag, and pages move while others delete: only the backup itself shows that it is gone.
                row = self._cloud.backup(known["id"])
                if row is None:
                    self.failed[server_id] = "it is no longer there"
            if row is not None:
                self._update(server_id, row)
        self._give_up_missing(early)
        return not self.pending

    def _give_up_missing(self, early: bool) -> None:
        """Stop to wait for servers that a checkpoint left out: all others of it have ended, and no list shows these."""
        missing = self.unlisted
        # While nothing of a checkpoint is listed, the list lags and no server is missing.
        going_on = {row["checkpoint_id"] for server_id, row in self.pending.items() if server_id in self._seen}
        listed = {row["checkpoint_id"] for server_id, row in self.rows.items() if server_id in self._seen}
        for checkpoint_id in {self.rows[server_id]["checkpoint_id"] for server_id in missing} & (listed - going_on):
            left = self._polls_left.get(checkpoint_id, _MORE_POLLS_FOR_MISSING) - (not early)
            self._polls_left[checkpoint_id] = left
            if left < 0:
                gone = [server_id for server_id in missing if self.rows[server_id]["checkpoint_id"] == checkpoint_id]
                self.left_out.extend(gone)
                for server_id in gone:
                    del self.rows[server_id]

    def find_ids(self) -> bool:
        """Read the list once; return whether the ID of every backup is known."""
        return self.refresh() or all(row.get("id") for row in self.pending.values())

    def _update(self, server_id: str, row: BackupRow) -> None:
        # Rows of a list may lack the tags.
        tags = self.rows[server_id].get("tags") if row.get("tags") is None else row["tags"]
        self.add({**row, "tags": tags}, seen=True)
        status = row["status"]
        if status == "error":
            self.failed[server_id] = self._cloud.why_failed(row) or "the service gives no reason"
        elif status not in USABLE | IN_PROGRESS:
            self.failed[server_id] = f"it was deleted meanwhile ({status})"

    def _query(self, pending: dict[str, BackupRow]) -> dict[str, t.Any]:
        if self._checkpoint_id is not None:
            return {"checkpoint_id": self._checkpoint_id}
        if self._name is not None and all((row.get("name") or "").startswith(self._name) for row in pending.values()):
            return {"name": self._name}
        if len(pending) == 1:
            return {"resource_id": next(iter(pending))}
        checkpoints = {row["checkpoint_id"] for row in pending.values()}
        if len(checkpoints) == 1:
            return {"checkpoint_id": checkpoints.pop()}
        started = [parse_time(row.get("created_at")) for row in pending.values()]
        if self._polls > _POLLS_BEFORE_FULL_LIST and self.unlisted:
            self._filter_by_time = False
        if None in started or not self._filter_by_time:
            return {}
        earliest = min(moment for moment in started if moment) - timedelta(seconds=1)
        return {"start_time": earliest.replace(tzinfo=None).isoformat(timespec="microseconds")}


class BackupFollowers:
    """Several followers of backups as one. A server is in one of them at most."""

    def __init__(self, *followers: BackupFollower) -> None:
        self._followers = followers

    @property
    def rows(self) -> dict[str, BackupRow]:
        """By server ID, what is known of its backup."""
        return {server_id: row for follower in self._followers for server_id, row in follower.rows.items()}

    @property
    def failed(self) -> dict[str, str]:
        """By server ID, why its backup failed."""
        return {server_id: reason for follower in self._followers for server_id, reason in follower.failed.items()}

    @property
    def pending(self) -> dict[str, BackupRow]:
        """By server ID, the backups that have not ended."""
        return {server_id: row for follower in self._followers for server_id, row in follower.pending.items()}

    def refresh(self, early: bool = False) -> bool:
        """Read the lists once; return whether every backup has ended."""
        ended = [follower.refresh(early) for follower in self._followers]
        return all(ended)

    def find_ids(self) -> bool:
        """Read the lists once; return whether the ID of every backup is known."""
        found = [follower.find_ids() for follower in self._followers]
        return all(found)


class BackupsEnding(t.NamedTuple):
    """How the wait for backups ended."""

    #: The number of servers that have a usable backup
    usable: int
    #: What is wrong, as sentences for the message of the task
    problems: list[str]
    #: Why the end could not be seen, None when it could
    unseen: CloudError | None


def await_backups(
    follower: BackupFollower | BackupFollowers, options: WaitOptions, clock: Clock, remedy: str
) -> BackupsEnding:
    """Follow backups as options say. remedy is what the user can do when the end was not seen."""
    ending = follow(follower, options, clock, "backups available", len(follower.rows))
    late = ", ".join(
        f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in follower.pending.values()
    )
    rows, failed = follower.rows, follower.failed
    problems = [f"Backup {describe_backup(rows[server_id])} failed: {reason}" for server_id, reason in failed.items()]
    problems += problems_of(ending, late, "What was started goes on.", remedy)
    usable = sum(1 for server_id, row in rows.items() if row.get("status") in USABLE and server_id not in failed)
    return BackupsEnding(usable, problems, ending.unseen)


def end_creation(
    options: BackupOptions,
    cloud: Cloud,
    plan: Plan[t.Any],
    context: CreationContext,
    outcome: Outcome,
    clock: Clock,
) -> dict[str, t.Any]:
    """Wait for the backups of a task, and return its result. Raises TaskFailed that names each server without one."""
    # Where the service numbers the names, it may find none by a part of it.
    follower = BackupFollower(cloud, None if options.rules.numbers_names else options.name)
    for row in context.done.values():
        follower.add(row, seen=True)
    _start(follower, context.planned, outcome)
    ending = await_backups(follower, options, clock, "run the task again")
    left_out = {**follower.skipped, **why_left_out(cloud, follower.left_out, "run the task")}
    problems = [*ending.problems, *_told(context.chosen, left_out, "No backup was made of server")]
    wanted = len(context.chosen) - len(plan.result["skipped_servers"])
    return _result(follower.rows, plan, context.chosen, outcome, ending, problems, wanted)


def end_run(
    options: RunOptions, cloud: Cloud, plan: Plan[RunContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait for the backups of a run, and return its result. Raises TaskFailed that names each server without one."""
    context = plan.context
    checkpoints = {answer["id"] for answer in outcome.answers.values()}
    # One checkpoint has a list of its own.
    run = BackupFollower(cloud, checkpoint_id=checkpoints.pop() if len(checkpoints) == 1 else None)
    _start(run, context.planned, outcome)
    others = BackupFollower(cloud)
    for row in context.done.values():
        others.add(row, seen=True)
    follower = BackupFollowers(run, others)
    ending = await_backups(follower, options, clock, "look at them with csbs_backup_info")
    left_out = {**run.skipped, **why_left_out(cloud, run.left_out, "run the policy for it")}
    problems = [
        *ending.problems,
        *_told(context.chosen, context.refusals, "Server"),
        *_told(context.chosen, left_out, "The run left out server"),
    ]
    return _result(follower.rows, plan, context.chosen, outcome, ending, problems, len(context.chosen))


def _start(follower: BackupFollower, planned: t.Mapping[int, list[BackupRow]], outcome: Outcome) -> None:
    for position, rows in planned.items():
        for row in rows if position in outcome.answers else ():
            follower.start(row, outcome.answers[position])


def _told(chosen: t.Iterable[ServerRow], reasons: t.Mapping[str, str], words: str) -> list[str]:
    return [
        f"{words} {describe_refusal(server, reasons[server['id']])}" for server in chosen if server["id"] in reasons
    ]


def _result(
    rows: t.Mapping[str, BackupRow],
    plan: Plan[t.Any],
    chosen: t.Sequence[ServerRow],
    outcome: Outcome,
    ending: BackupsEnding,
    problems: t.Sequence[str],
    wanted: int,
) -> dict[str, t.Any]:
    """Return the result of a task. Raises TaskFailed when there are problems; wanted is the number of backups."""
    names = names_of(chosen)
    backups = [backup_result(rows[server_id], names) for server_id in names if server_id in rows]
    problems = [*failure_texts(outcome), *problems]
    if problems:
        raise TaskFailed(
            f"{ending.usable} of {wanted} servers have their backup. {join_problems(problems)}",
            {"changed": outcome.changed, **plan.result, "backups": backups, **first_fields(outcome, ending.unseen)},
        )
    return {"backups": backups}


def why_left_out(cloud: Cloud, server_ids: list[str], remedy: str) -> dict[str, str]:
    """Return by server ID why no backup of it was made, as far as the service says, or else the remedy."""
    if not server_ids:
        return {}
    # Loaded here, because servers are seldom left out.
    from .._domain.errors import CloudError
    from .._domain.protectability import explain_verdict

    unknown = (
        "the service gives no reason; the server may have been busy with another backup or a restore, so"
        f" {remedy} again"
    )
    try:
        verdicts = cloud.protectable(server_ids)
    except CloudError as error:
        return dict.fromkeys(server_ids, f"the reason could not be read ({error.reason.rstrip('.')})")
    return {
        server_id: explain_verdict(verdicts[server_id])
        if server_id in verdicts and not verdicts[server_id]["result"]
        else unknown
        for server_id in server_ids
    }
