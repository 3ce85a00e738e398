"""Signatures of webhooks (Standard Webhooks 1.0.0, HMAC-SHA256).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from typing import Any, Dict, Mapping, Optional, Sequence, Union

__all__ = ["TOLERANCE_SECONDS", "WebhookError", "sign", "verify"]

#: Either side of now.
TOLERANCE_SECONDS = 300
SIGNATURES_MAX = 10


class WebhookError(Exception):
    """The webhook is not to be trusted; ``code`` says why, as docs/reference/errors.md does."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def verify(
    body: Union[bytes, str],
    headers: Mapping[str, str],
    secrets: Union[str, Sequence[str]],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: Optional[float] = None,
) -> Any:
    """The JSON of a webhook whose signature holds for one of ``secrets`` (several while one is being replaced).

    ``body`` is what arrived, byte for byte. Raises WebhookError. A delivery may come twice: keep ``webhook-id``.
    """
    raw = body.encode("utf-8") if isinstance(body, str) else body
    by_name = {name.lower(): value for name, value in headers.items()}
    message_id = _required(by_name, "webhook-id", "header_missing")
    timestamp = _required(by_name, "webhook-timestamp", "timestamp_missing")
    signatures = _required(by_name, "webhook-signature", "signature_missing")
    if "." in message_id:
        raise WebhookError("header_invalid", 'webhook-id holds a "."')
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise WebhookError("timestamp_invalid", "webhook-timestamp is not a whole number")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_seconds:
        raise WebhookError("timestamp_out_of_tolerance", "the webhook is too old or from the future")
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise WebhookError("webhook_secret_missing", "there is no secret to verify with")
    given = [one[3:] for one in signatures.split(" ")[:SIGNATURES_MAX] if one.startswith("v1,")]
    if not given:
        raise WebhookError("signature_malformed", "webhook-signature holds no v1 signature")
    expected = [_signature(key, message_id, timestamp, raw) for key in keys]
    # every pair is compared, so that the time taken does not tell which one nearly fits
    matches = [hmac.compare_digest(one.encode(), own.encode()) for one in given for own in expected]
    if not any(matches):
        raise WebhookError("signature_mismatch", "the signature does not match")
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as cause:
        raise WebhookError("invalid_json", "the body is not JSON") from cause


def sign(
    body: Union[bytes, str], secret: str, *, message_id: Optional[str] = None, now: Optional[float] = None
) -> Dict[str, str]:
    """The headers a sender of ``body`` adds."""
    raw = body.encode("utf-8") if isinstance(body, str) else body
    own_id = message_id if message_id is not None else f"msg_{uuid.uuid4().hex}"
    timestamp = str(int(time.time() if now is None else now))
    return {
        "content-type": "application/json",
        "webhook-id": own_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_signature(_key(secret), own_id, timestamp, raw)}",
    }


def _signature(key: bytes, message_id: str, timestamp: str, raw: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + raw
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """``whsec_`` and base64, or base64 alone."""
    text = secret[6:] if secret.startswith("whsec_") else secret
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise WebhookError("webhook_secret_missing", 'a secret is "whsec_" and base64, or base64 alone') from cause
    if not key:
        raise WebhookError("webhook_secret_missing", "the secret is empty")
    return key


def _required(headers: Mapping[str, str], name: str, code: str) -> str:
    value = headers.get(name)
    if not value:
        raise WebhookError(code, f"there is no {name} header")
    return value

