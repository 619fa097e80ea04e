# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both backup services of a project at once."""

from __future__ import annotations

import typing as t

from .cbr import CbrCloud
from .csbs import CsbsCloud

if t.TYPE_CHECKING:
    from datetime import timedelta

    from .._domain.rows import MemberRow, TagRow
    from .._domain.vault_option import VaultOptions


class BothClouds(CbrCloud):
    """A project with both backup services: CBR, and CSBS beside it."""

    def __init__(self, connection: t.Any) -> None:
        super().__init__(connection)
        self.csbs = CsbsCloud(connection)

    def prepare_vaults(
        self,
        operation: str,
        policy: str,
        servers: t.Sequence[MemberRow],
        vault: VaultOptions,
        tags: t.Sequence[TagRow] = (),
    ) -> None:
        """Make and enlarge the vaults that servers need that are to join a policy of CBR. None of them joins."""
        # Loaded here, because most tasks make no vault.
        from .vault_members import VaultMembers

        VaultMembers(self).prepare(operation, policy, servers, vault, tags)

    def move_server(
        self,
        operation: str,
        server: MemberRow,
        source: str,
        target: str,
        vault: VaultOptions,
        max_age: timedelta,
    ) -> None:
        """Move a server from a policy of CSBS into a vault of a policy of CBR (their IDs), wherever it is by now.

        It leaves only with a good backup in CSBS that is younger than max_age. Raises CloudError; the server is then
        where it was, unless the error says otherwise.
        """
        # Loaded here, because a task with nothing to do moves nobody.
        from .migration import Move

        Move(self, operation, server, source, target, vault, max_age).carry_out()

    def leave_csbs(self, operation: str, policy: str, server_id: str) -> None:
        """Take one server out of a policy of CSBS (its ID); see PolicyMembers.leave."""
        # Loaded here, because most tasks change no members.
        from .members import PolicyMembers

        PolicyMembers(self.csbs, self.csbs.csbs).leave(operation, policy, server_id)

    def remove_marks(self, operation: str, vault: str, marks: list[TagRow]) -> None:
        """Remove marks of servers from a vault; errors name the operation."""
        with self.errors_of(operation):
            self.unset_tags("vault", vault, marks)
