"""The examples are true: sent to a hub, they are answered as the document says."""

from __future__ import annotations

from typing import Any


def test_town(example_town: Any) -> None:
    for where, (status, answer) in example_town.answers.items():
        m, p = where.split()
        c = example_town.document["paths"][p][m.lower()]["responses"][str(status)]["content"][
            "application/json"
        ]
        ex = c.get("example")
        if ex is None:
            print(where, status, "--", answer)
            continue
        for k in answer:
            if answer[k] != ex.get(k):
                print(where, status, k, repr(answer[k])[:150], "EX", repr(ex.get(k))[:150])
