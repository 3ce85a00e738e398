from __future__ import annotations

import base64
import unittest
from typing import Any, Dict

from plinth import webhooks

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 byt").decode()
BODY = b'{"type":"order.paid","total":12}'
NOW = 1_700_000_000.0


class Webhooks(unittest.TestCase):
    def refuses(self, code: str, headers: Dict[str, str], body: bytes = BODY, secrets: Any = SECRET) -> None:
        with self.assertRaises(webhooks.WebhookError) as raised:
            webhooks.verify(body, headers, secrets, now=NOW)
        self.assertEqual(raised.exception.code, code)

    def test_the_example_of_the_specification(self) -> None:
        # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        body = b'{"test": 2432232314}'
        found = webhooks.verify(body, headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=1614265330)
        self.assertEqual(found, {"test": 2432232314})

    def test_what_was_signed_holds_under_any_of_the_secrets(self) -> None:
        headers = {name.title(): value for name, value in webhooks.sign(BODY, SECRET, now=NOW).items()}
        self.assertEqual(webhooks.verify(BODY, headers, [OTHER, SECRET], now=NOW)["total"], 12)
        headers["Webhook-Signature"] = f"v1a,x v1,bm8= {headers['Webhook-Signature']}"
        self.assertEqual(webhooks.verify(BODY.decode(), headers, SECRET, now=NOW + 299)["total"], 12)

    def test_anything_else_is_refused(self) -> None:
        good = webhooks.sign(BODY, SECRET, now=NOW)
        self.refuses("signature_mismatch", good, BODY + b" ")
        self.refuses("signature_mismatch", good, secrets=OTHER)
        self.refuses("signature_mismatch", {**good, "webhook-id": "another"})
        self.refuses("signature_mismatch", {**good, "webhook-signature": "v1,é"})
        self.refuses("signature_malformed", {**good, "webhook-signature": "v2,abc"})
        self.refuses("signature_missing", {**good, "webhook-signature": ""})
        self.refuses("header_missing", {**good, "webhook-id": ""})
        self.refuses("header_invalid", {**good, "webhook-id": "a.1"})
        self.refuses("timestamp_missing", {**good, "webhook-timestamp": ""})
        self.refuses("timestamp_invalid", {**good, "webhook-timestamp": "1.7e9"})
        self.refuses("webhook_secret_missing", good, secrets=[])
        self.refuses("webhook_secret_missing", good, secrets="whsec_")
        self.refuses("webhook_secret_missing", good, secrets="not base64!")
        for late in (NOW - 301, NOW + 301):
            self.refuses("timestamp_out_of_tolerance", webhooks.sign(BODY, SECRET, now=late))
        self.refuses("invalid_json", webhooks.sign(b"{", SECRET, now=NOW), b"{")


if __name__ == "__main__":
    unittest.main()
