# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of thousands stay quick, and threads do not get in each other's way."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

from tests.emulator import Emulator
from tests.emulator_tests.api import Api, resources


def test_thousand_backups() -> None:
    with Emulator(servers=1000, speed=0, list_delay=0) as cloud:
        ids = list(cloud.state.servers)
        api = Api(cloud)
        headers = {"X-Auth-Token": cloud.token(), "Content-Type": "application/json"}

        def protect(some: list[str]) -> set[int]:
            connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
            seen = set()
            for server_id in some:
                path = f"/csbs/v1/{cloud.project_id}/{api.protect_path(server_id)}"
                connection.request("POST", path, '{"protect": {}}', headers)
                answer = connection.getresponse()
                answer.read()
                seen.add(answer.status)
            connection.close()
            return seen

        begun = time.process_time()
        with ThreadPoolExecutor(4) as pool:
            assert set().union(*pool.map(protect, (ids[start::4] for start in range(4)))) == {200}
        cloud.clock.advance(3600)
        assert len(api.items(status="available")) == 1000
        assert time.process_time() - begun < 20
        assert cloud.contract_violations == [] and cloud.internal_errors == []


def test_ten_thousand_items() -> None:
    with Emulator(servers=10, speed=0, list_delay=0) as cloud:
        api = Api(cloud)
        for number in range(10_000):
            cloud.make_backup(api.ids()[number % 10], name=f"b-{number}")
        begun = time.process_time()
        seen: list[str] = []
        query: dict[str, object] = {"limit": 1000}
        while page := api.items(**query):
            seen += [item["id"] for item in page]
            query["marker"] = page[-1]["id"]
        assert len(set(seen)) == 10_000
        assert time.process_time() - begun < 15
        assert len(api.items(limit=5000)) == 1000, "a page has a thousand rows at most"


def test_many_write_one_policy() -> None:
    with Emulator(servers=16, speed=0, list_delay=0) as cloud:
        api = Api(cloud)
        policies = [api.create_policy(f"p{number}")["id"] for number in range(16)]

        def join(policy_id: str) -> int:
            mine = Api(cloud)
            body = {"policy": {"resources": resources([api.ids()[0]])}}
            return int(mine.call("PUT", f"policies/{policy_id}", body).status_code)

        with ThreadPoolExecutor(16) as pool:
            answers = sorted(pool.map(join, policies))
        assert answers == [200] + [400] * 15, "a server is in one policy at most, however many try at once"
