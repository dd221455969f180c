"""The RDS double's side door: backups on demand, calls seen, faults, what AWS does by itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

# A backup is answered when it is finished.
ANSWER_MAX_S = 120


class DoubleError(Exception):
    """The double refused a request; the text is its reason."""


class Double:
    """Talks to `/_double/` of a running RDS double."""

    def __init__(self, endpoint: str) -> None:
        self._base = f"{endpoint}/_double"
        # A proxy of the caller's environment must not be asked for the loopback interface.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def back_up(self, instance: str, **wish: Any) -> str:
        """Take the automated backup, as RDS does at night; gives the snapshot's identifier."""
        return self._ask("POST", f"instances/{instance}/backup", wish)["snapshot"]

    def remove_backups(self, instance: str) -> int:
        """Remove the instance's automated backups; gives how many there were."""
        return self._ask("DELETE", f"instances/{instance}/backups")["removed"]

    def force_status(self, instance: str, status: str) -> None:
        """Put an instance into a status, whatever it was doing."""
        self._ask("POST", f"instances/{instance}/status", {"status": status})

    def restart(self, instance: str) -> None:
        """Start a stopped instance, as AWS does after seven days."""
        self._ask("POST", f"instances/{instance}/auto-restart")

    def run_sql(self, instance: str, sql: str | list[str], database: str | None = None) -> Any:
        """Run SQL in an instance as the superuser that RDS gives to nobody."""
        wish = {"sql": sql, **({"database": database} if database else {})}
        return self._ask("POST", f"instances/{instance}/sql", wish)["rows"]

    def next_restore(self, **wish: Any) -> None:
        """What happens to the next restore: `ends_in`, `database`, `sql`, `database_name`."""
        self._ask("POST", "next-restore", wish)

    def calls(self, action: str | None = None) -> list[dict[str, Any]]:
        """The calls of the RDS API since the last clearing, oldest first."""
        calls = self._ask("GET", "calls")["calls"]
        return [call for call in calls if action in (None, call["action"])]

    def clear_calls(self) -> None:
        self._ask("DELETE", "calls")

    def inject(
        self,
        action: str,
        kind: str,
        times: int | None = 1,
        instance: str | None = None,
        **more: Any,
    ) -> None:
        """Let the next calls of an action meet a fault such as `throttle` or `lost_answer`."""
        rule: dict[str, Any] = {"action": action, "fault": {"kind": kind, **more}}
        if times is not None:
            rule["times"] = times
        if instance is not None:
            rule["instance"] = instance
        self._ask("POST", "faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """The faults that no call has met yet."""
        return self._ask("GET", "faults")["faults"]

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        # The address is that of a process we started on the loopback interface.
        request = urllib.request.Request(  # noqa: S310
            f"{self._base}/{path}", data=data, method=method
        )
        try:
            with self._opener.open(request, timeout=ANSWER_MAX_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
            raise DoubleError(f"{method} {path}: {reason}") from error
