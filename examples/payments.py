"""Receives a payment provider's webhooks: checks the signature, and answers what a shop needs.

The provider signs the body with HMAC-SHA-256 and sends `X-Signature: sha256=<hex>`.
"""

import hashlib
import hmac
import json

from nexus import Response, log

KINDS = {"payment.succeeded": "paid", "payment.refunded": "refunded"}


def fetch(request, env):
    signed = hmac.new(env["SECRET"].encode(), request.body, hashlib.sha256).hexdigest()
    given = request.headers.get("x-signature", "")
    if not hmac.compare_digest(given.encode(), f"sha256={signed}".encode()):
        log.warning("a delivery with a wrong signature")
        return "wrong signature\n", 401
    try:
        event = request.json()
        kind = KINDS.get(event["type"])
        if kind is None:
            return "", 204  # nothing for a shop
        payment = event["data"]["object"]
        amount = f"{payment['amount'] / 100:.2f} {payment['currency'].upper()}"
        made = {"order": payment["metadata"]["order"], "what": kind, "amount": amount}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        return f"not an event: {error!r}\n", 422
    log(event["id"], kind, amount)
    return Response.json(made)
