# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud as operations see it: readings as plain rows, with the names that the service uses."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from datetime import datetime

from .._domain.backup import BackupNames
from .._domain.errors import CloudError, NotFound, OutcomeUnknown
from .._domain.image import is_alive
from .._domain.limits import MAX_SINGLE_READS
from .._domain.selection import is_id
from .._sdk.csbs.v1._base import SERVER
from .._sdk.guarded import sdk_exceptions
from .._sdk.ims.service import attach as attach_ims
from .members import PolicyMembers
from .restores import Restores
from .translation import errors_of, explain_exception

# Fields that each row of these kinds has
_BACKUP_FIELDS = ("id", "checkpoint_id", "resource_id", "status")
_IMAGE_FIELDS = ("id", "status")
_MINUTE = 60.0
# Nobody knows whether the service takes a longer list.
_CHECKED_AT_ONCE = 1000


class Cloud:
    """A connection, read as plain dicts with the names that the service uses.

    Every method raises CloudError.
    """

    errors_of = staticmethod(errors_of)

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection
        with errors_of("find the backup service"):
            self.csbs = connection.data_protect
        with errors_of("find the compute service"):
            self.compute = connection.compute
        self.members = PolicyMembers(self)
        self.restores = Restores(self)
        self._ims: t.Any = None

    @property
    def ims(self) -> t.Any:
        """The image service, looked for when it is first needed: few tasks need it, and not every catalog has it."""
        if self._ims is None:
            with errors_of("find the image service"):
                self._ims = attach_ims(self.connection)
        return self._ims

    def now(self) -> datetime:
        """Return the time at the cloud."""
        moment: datetime = self.connection.session.now()
        return moment

    def set_deadline(self, seconds: float) -> None:
        """Set the deadline of all requests to seconds from now."""
        self.connection.session.set_deadline(seconds)

    def seconds_left(self) -> float:
        """Return the seconds until the deadline of all requests."""
        left: float = self.connection.session.seconds_left()
        return left

    # ========== Servers ==========
    def servers(self) -> list[dict[str, t.Any]]:
        """Return all servers of the project: id, name, status, metadata, tags, availability_zone."""
        with errors_of("list servers"):
            return [_server(server) for server in self.compute.servers(details=True, limit=1000)]

    def server_state(self, server_id: str) -> str | None:
        """Return the status of one server, such as ACTIVE, None when it does not exist."""
        with errors_of(f"read server {server_id}"):
            row = _found(self.compute.get_server, server_id, "status")
            return None if row is None else str(row["status"]).upper()

    def server_disks(self, server_id: str) -> list[dict[str, t.Any]]:
        """Return the disks attached to a server: id, name, size_gb, bootable, shared, device (such as /dev/vda)."""
        with errors_of(f"list the disks of server {server_id}"):
            devices = {one.volume_id: one.device for one in self.compute.volume_attachments(server_id)}
        return [self._disk(key, device) for key, device in devices.items()]

    def _disk(self, volume_id: str, device: str) -> dict[str, t.Any]:
        # One by one: a server has few disks, a project may have thousands.
        with errors_of(f"read disk {volume_id}"):
            volume = self.connection.block_storage.get_volume(volume_id)
            return {
                "id": volume_id,
                "name": volume.name or volume_id,
                "size_gb": int(volume.size),
                "bootable": bool(volume.is_bootable),
                "shared": bool(volume.is_multiattach) or len(volume.attachments or []) > 1,
                "device": device,
            }

    # ========== Policies ==========
    def policies(self) -> list[dict[str, t.Any]]:
        """Return all policies; rows may lack tags and other fields."""
        with errors_of("list backup policies"):
            return [_plain(policy, "id", "name") for policy in self.csbs.policies()]

    def policy(self, policy_id: str) -> dict[str, t.Any] | None:
        """Return one policy in full, None when it does not exist or the text is no ID."""
        # Any other text would become part of the address.
        if not is_id(policy_id):
            return None
        with errors_of(f"read backup policy {policy_id}"):
            return _found(self.csbs.get_policy, policy_id, "id", "name", "scheduled_operations")

    def created_policy(self, name: str, known: t.Collection[str]) -> dict[str, t.Any] | None:
        """Return the policy of a name whose id is not among known, None when there is none."""
        return next((row for row in self.policies() if row["name"] == name and row["id"] not in known), None)

    # ========== Backups ==========
    def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
        """Return the backups that fit a query of the service; rows may lack tags."""
        with errors_of("list backups"):
            return [_plain(item, *_BACKUP_FIELDS) for item in self.csbs.backups(**query)]

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        """Return one backup in full, None when it does not exist or the text is no ID."""
        if not is_id(backup_id):
            return None
        with errors_of(f"read backup {backup_id}"):
            return _found(self.csbs.get_backup, backup_id, *_BACKUP_FIELDS)

    def backups_by_id(self, ids: t.Collection[str]) -> t.Iterator[tuple[str, dict[str, t.Any] | None]]:
        """Yield each ID with its backup, None when there is none; those that a list shows come first.

        A few are read one by one, more by one list. Pages move while others write, and lists lag: what the list lacks is
        read by itself, for only the backup itself tells that it is gone.
        """
        listed = {row["id"]: row for row in self.backups()} if len(ids) > MAX_SINGLE_READS else {}
        yield from ((key, listed[key]) for key in ids if key in listed)
        yield from ((key, self.backup(key)) for key in ids if key not in listed)

    def count_backups(self, **query: t.Any) -> int:
        """Return how many backups fit a query of the service."""
        with errors_of("count backups"):
            return int(self.csbs.count_backups(**query))

    def started_backup(self, server_id: str, name: str, known: t.Collection[str]) -> dict[str, t.Any] | None:
        """Return the backup of a server by that name whose id is not among known, None when there is none."""
        return self.running_backup(server_id, BackupNames(name), None, known)

    def running_backup(
        self, server_id: str, names: BackupNames | None, states: t.Collection[str] | None, known: t.Collection[str]
    ) -> dict[str, t.Any] | None:
        """Return a backup of a server that is not among known and, where these are given, in one of states and of these names; or None."""
        for row in self.backups(resource_id=server_id):
            fits = (names is None or names.fit(row["name"])) and (states is None or row["status"] in states)
            if fits and row["id"] not in known and row["resource_id"] == server_id:
                return row
        return None

    def started_run(
        self, policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]
    ) -> dict[str, t.Any] | None:
        """Return the record (id) of a run by hand, for these servers and no others, whose backups are not among known; or None.

        A run may have left some of them out, so one that holds them all comes first.
        """
        rows = [
            row
            for row in self.backups(policy_id=policy_id)
            if str((row.get("extend_info") or {}).get("auto_trigger")).lower() != "true"
        ]
        fitting = {record: held for record, held in _new_records(rows, known).items() if held <= set(server_ids)}
        return {"id": max(fitting, key=lambda record: len(fitting[record]))} if fitting else None

    def running_run(
        self, policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]
    ) -> dict[str, t.Any] | None:
        """Return the record (id) of a run, by hand or not, that holds all these servers and whose backups are not among known; or None."""
        records = _new_records(self.backups(policy_id=policy_id), known)
        return next(({"id": record} for record, held in records.items() if held >= set(server_ids)), None)

    def protectable(self, server_ids: list[str]) -> dict[str, dict[str, t.Any]]:
        """Return for each server whether it can be backed up: result, error_code, error_msg. One request for 1,000 servers."""
        verdicts: dict[str, dict[str, t.Any]] = {}
        for start in range(0, len(server_ids), _CHECKED_AT_ONCE):
            with errors_of("check which servers can be backed up"):
                chunk = itertools.islice(server_ids, start, start + _CHECKED_AT_ONCE)
                for row in self.csbs.check_protectable(list(chunk)):
                    verdicts[row.resource_id] = _plain(row, "result")
        return verdicts

    # ========== Quotas ==========
    def quotas(self) -> list[dict[str, t.Any]]:
        """Return the quotas of the project: type, unit, quota (-1 is unlimited), used."""
        with errors_of("read the quotas"):
            return [_plain(quota) for quota in self.csbs.quotas()]

    def backup_when(self, backup_id: str, fits: t.Callable[[dict[str, t.Any]], bool]) -> dict[str, t.Any] | None:
        """Return one backup in full if it is there and fits, else None."""
        row = self.backup(backup_id)
        return row if row is not None and fits(row) else None

    def restorable(self, backup_id: str, server_id: str, volumes: list[dict[str, str]]) -> dict[str, t.Any]:
        """Return whether a backup can be restored to a server: result, error_code, error_msg.

        volumes are dicts with backup_id and volume_id.
        """
        target = {"resource_id": server_id, "resource_type": SERVER, "volumes": volumes}
        with errors_of(f"check whether backup {backup_id} can be restored to server {server_id}"):
            for verdict in self.csbs.check_restorable([{"checkpoint_item_id": backup_id, "target": target}]):
                return _plain(verdict)
            raise sdk_exceptions.SDKException("the service gives no verdict")

    # ========== Images ==========
    def image(self, image_id: str) -> dict[str, t.Any] | None:
        """Return one image as the image service describes it, None when that service itself says that there is none."""
        ims = self.ims
        unread, row = None, None
        try:
            with errors_of(f"read image {image_id}"), self._within_a_minute():
                row = _found(ims.get_image, image_id, *_IMAGE_FIELDS)
        except CloudError as error:
            unread = error
        if row is None and not isinstance(unread, OutcomeUnknown):
            # A new image may be listed before it is known by its ID, and not every cloud has both calls. A list that does
            # not have it, or cannot be read, says nothing.
            with contextlib.suppress(CloudError), errors_of("list images"), self._within_a_minute():
                row = next((one for one in _images(ims, id=image_id) if one["id"] == image_id), None)
        if row is None and unread is not None:
            raise unread
        return row

    def image_of(self, backup_id: str) -> dict[str, t.Any] | None:
        """Return the image of a backup that is ready or in the making, None when there is none or it does not show yet."""
        ims = self.ims
        with errors_of("list images"), self._within_a_minute():
            return next((row for row in _images(ims) if row["__backup_id"] == backup_id and is_alive(row)), None)

    @contextlib.contextmanager
    def _within_a_minute(self) -> t.Iterator[None]:
        """Limit the time for each request inside: a task that can do without an image's details must not wait for them."""
        session = self.connection.session
        patience, session.patience = session.patience, min(session.patience, _MINUTE)
        try:
            yield
        finally:
            session.patience = patience

    def image_by_now(
        self, backup_id: str, find: t.Callable[[dict[str, t.Any] | None], dict[str, t.Any] | None]
    ) -> dict[str, t.Any] | None:
        """Return what find makes of a backup as it is now, which is None when it does not exist."""
        return find(self.backup(backup_id))

    def image_job(self, job_id: str) -> dict[str, t.Any]:
        """Return a job of the image service: status, entities, fail_reason, error_code."""
        ims = self.ims
        with errors_of(f"read job {job_id} of the image service"):
            return _plain(ims.get_job(job_id), "status")

    # ========== Tags ==========
    def tags_of(self, resource_type: str, resource_id: str) -> list[dict[str, t.Any]]:
        """Return the tags of one backup or policy."""
        with errors_of(f"read the tags of {resource_type} {resource_id}"):
            return self.csbs.tags_of(resource_type, resource_id)

    def tags_in_project(self, resource_type: str) -> list[dict[str, t.Any]]:
        """Return the tags of all backups or policies, key and values."""
        with errors_of(f"list the tags of all {resource_type} resources"):
            return self.csbs.tags_in_project(resource_type)

    def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """Return backups or policies by a tag query: resource_id, resource_name, tags."""
        with errors_of(f"look up {resource_type} resources by tag"):
            return [_plain(row) for row in self.csbs.find_tagged(resource_type, **query)]

    def count_tagged(self, resource_type: str, query: dict[str, t.Any]) -> int:
        """Return how many backups or policies fit a tag query."""
        with errors_of(f"count {resource_type} resources by tag"):
            return int(self.csbs.count_tagged(resource_type, **query))


def _new_records(rows: list[dict[str, t.Any]], known: t.Collection[str]) -> dict[str, set[str]]:
    """Return by record the servers that it holds, of backups that are not among known."""
    records: dict[str, set[str]] = {}
    for row in rows:
        if row["id"] not in known:
            records.setdefault(row["checkpoint_id"], set()).add(row["resource_id"])
    return records


def _server(server: t.Any) -> dict[str, t.Any]:
    for field in ("id", "name", "status"):
        if getattr(server, field) is None:
            raise KeyError(field)
    return {
        "id": server.id,
        "name": server.name,
        "status": str(server.status).upper(),
        "metadata": dict(server.metadata or {}),
        "tags": list(server.tags or []),
        "availability_zone": server.availability_zone,
    }


def _plain(resource: t.Any, *needed: str) -> dict[str, t.Any]:
    """Return a resource as a plain dict; raises KeyError when a field is missing that the service always sends."""
    row: dict[str, t.Any] = resource.to_dict(computed=False, headers=False, original_names=True)
    for field in needed:
        if row.get(field) is None:
            raise KeyError(field)
    return row


def _found(get: t.Callable[[str], t.Any], key: str, *needed: str) -> dict[str, t.Any] | None:
    """Return what get finds by an ID, None when the service itself says that there is no such object."""
    try:
        return _plain(get(key), *needed)
    except sdk_exceptions.NotFoundException as error:
        if isinstance(explain_exception("", error), NotFound):
            return None
        raise


def _images(ims: t.Any, **query: t.Any) -> t.Iterator[dict[str, t.Any]]:
    for row in ims.images(**query):
        yield _plain(row, *_IMAGE_FIELDS)
