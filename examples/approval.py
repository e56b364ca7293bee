"""Decides on an expense: small ones pass, for others a person is asked, and the rule waits.

A JSON context in, a decision out. While it waits for the answer it holds no thread.
"""

import nexus


async def run(context):
    expense = context["args"]
    total = sum(item["price"] * item.get("count", 1) for item in expense["items"])
    limit = nexus.state.get("limit", 100)
    if total <= limit:
        return decided(expense, total, "approved", "rule")
    question = {"who": expense["who"], "total": total, "limit": limit}
    answer = await nexus.ext.approver.ask(question)
    return decided(expense, total, "approved" if answer["approved"] else "refused", answer["by"])


def decided(expense, total, decision, by):
    nexus.emit("decided", {"who": expense["who"], "total": total, "decision": decision, "by": by})
    return {"decision": decision, "by": by, "total": total}
