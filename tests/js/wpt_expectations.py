"""Which web platform tests are run, and which of their subtests are to fail here, and why.

Each file has (pattern, reason) pairs; the pattern is searched for in a subtest's name. A subtest
that fails must fit one, and each pattern must fit a subtest that fails.
"""

from __future__ import annotations

NO_SHARED = "a SharedArrayBuffer is made through WebAssembly.Memory, which is not there"
LEGACY = "of the legacy encodings only windows-1252 is there"
NO_DOCUMENT = "there is no document"
NO_MESSAGES = "there are no message ports"
OLDER_STREAMS = "the Streams standard was changed since: transformers have cancel()"
NEWER_URL = "the URL standard was changed since: such a space or ^ becomes %20 or %5E"
IDNA_TABLE = "the exceptions of the IDNA mapping table are not known here"

Expected = tuple[tuple[str, str], ...]

URL: dict[str, Expected] = {
    "url/historical.any.js": (),
    "url/IdnaTestV2.window.js": ((r"\b(V6|C1)\b", IDNA_TABLE),),
    "url/toascii.window.js": (
        (r"using <a(rea)?>", NO_DOCUMENT),
        (r"^(يa|xn--a-yoc) \(using URL", "the rules for right-to-left labels are not checked"),
    ),
    "url/url-constructor.any.js": ((r"://host/ .*\^_`", NEWER_URL),),
    "url/url-origin.any.js": (),
    "url/url-searchparams.any.js": (),
    "url/url-setters.any.js": (
        (r"^URL: Setting <a:/>.pathname = ", NEWER_URL),
        (r"^URL: Setting <(data|sc):space .*(search|hash) = ''", NEWER_URL),
    ),
    "url/url-setters-stripping.any.js": (),
    "url/url-statics-canparse.any.js": (),
    "url/url-tojson.any.js": (),
    "url/urlencoded-parser.any.js": (),
    "url/urlsearchparams-append.any.js": (),
    "url/urlsearchparams-constructor.any.js": (),
    "url/urlsearchparams-delete.any.js": ((r"opaque path can impact the path", NEWER_URL),),
    "url/urlsearchparams-foreach.any.js": (),
    "url/urlsearchparams-get.any.js": (),
    "url/urlsearchparams-getall.any.js": (),
    "url/urlsearchparams-has.any.js": (),
    "url/urlsearchparams-set.any.js": (),
    "url/urlsearchparams-size.any.js": (),
    "url/urlsearchparams-sort.any.js": (),
    "url/urlsearchparams-stringifier.any.js": (),
}

ENCODING: dict[str, Expected] = {
    "encoding/api-basics.any.js": (),
    "encoding/api-invalid-label.any.js": (),
    "encoding/api-replacement-encodings.any.js": (),
    "encoding/api-surrogates-utf8.any.js": (),
    "encoding/encodeInto.any.js": (
        (r"SharedArrayBuffer", NO_SHARED),
        (r"detached output buffer", NO_MESSAGES),
    ),
    "encoding/textdecoder-arguments.any.js": (),
    "encoding/textdecoder-byte-order-marks.any.js": (),
    "encoding/textdecoder-copy.any.js": ((r"SharedArrayBuffer", NO_SHARED),),
    "encoding/textdecoder-eof.any.js": (),
    "encoding/textdecoder-fatal-streaming.any.js": (),
    "encoding/textdecoder-fatal.any.js": (),
    "encoding/textdecoder-ignorebom.any.js": (),
    "encoding/textdecoder-labels.any.js": ((r"=> (?!UTF-|windows-1252)", LEGACY),),
    "encoding/textdecoder-streaming.any.js": ((r"SharedArrayBuffer", NO_SHARED),),
    "encoding/textdecoder-utf16-surrogates.any.js": (),
    "encoding/textencoder-constructor-non-utf.any.js": ((r"supported for decode: ", LEGACY),),
    "encoding/textencoder-utf16-surrogates.any.js": (),
    "html/webappapis/atob/base64.any.js": (),
}

EVENTS: dict[str, Expected] = {
    "dom/abort/AbortSignal.any.js": (),
    "dom/abort/abort-signal-any.any.js": (),
    "dom/abort/event.any.js": (),
    "dom/events/AddEventListenerOptions-once.any.js": (),
    "dom/events/AddEventListenerOptions-passive.any.js": (),
    "dom/events/AddEventListenerOptions-signal.any.js": (),
    "dom/events/Event-constructors.any.js": (),
    "dom/events/Event-isTrusted.any.js": (),
    "dom/events/EventTarget-add-remove-listener.any.js": (),
    "dom/events/EventTarget-addEventListener.any.js": (),
    "dom/events/EventTarget-constructible.any.js": (),
    "dom/events/EventTarget-removeEventListener.any.js": (),
    "html/webappapis/microtask-queuing/queue-microtask.any.js": (),
    "html/webappapis/timers/cleartimeout-clearinterval.any.js": (),
    "html/webappapis/timers/missing-timeout-setinterval.any.js": (),
    "html/webappapis/timers/negative-setinterval.any.js": (),
    "html/webappapis/timers/negative-settimeout.any.js": (),
    "html/webappapis/timers/type-long-setinterval.any.js": (),
    "html/webappapis/timers/type-long-settimeout.any.js": (),
    "hr-time/basic.any.js": (
        (r"approximately the right relative magnitude", "the clock of the tests jumps"),
        (r"extends EventTarget", "performance fires no events"),
    ),
    "hr-time/monotonic-clock.any.js": (),
    "console/console-is-a-namespace.any.js": (),
    "console/console-label-conversion.any.js": (),
    "console/console-namespace-object-class-string.any.js": (),
    "console/console-tests-historical.any.js": (),
}

DATA: dict[str, Expected] = {
    "html/webappapis/structured-clone/structured-clone.any.js": ((r"^MessagePort$", NO_MESSAGES),),
    "FileAPI/blob/Blob-array-buffer.any.js": (),
    "FileAPI/blob/Blob-constructor.any.js": (
        (r"Getters and value conversions should happen in order", "an older rule for arrays"),
        (r"FrozenArray<MessagePort>", NO_MESSAGES),
        (r"Arguments should be evaluated from left to right", "options are read first here"),
    ),
    "FileAPI/blob/Blob-slice-overflow.any.js": (),
    "FileAPI/blob/Blob-slice.any.js": (),
    "FileAPI/blob/Blob-stream.any.js": (),
    "FileAPI/blob/Blob-text.any.js": (),
    "FileAPI/file/File-constructor.any.js": (),
}

STREAMS: dict[str, Expected] = {
    "streams/readable-byte-streams/non-transferable-buffers.any.js": ((r".", NO_SHARED),),
    "streams/transform-streams/errors.any.js": (
        (r"controller.error\(\) should do nothing after readable.cancel", OLDER_STREAMS),
    ),
    "streams/transform-streams/general.any.js": (
        (r"terminate\(\) should do nothing after readable.cancel", OLDER_STREAMS),
    ),
    "streams/transform-streams/reentrant-strategies.any.js": (
        (r"writer.abort\(\) inside size", OLDER_STREAMS),
    ),
    "encoding/streams/decode-attributes.any.js": ((r"iso-8859-2", LEGACY),),
    "encoding/streams/decode-non-utf8.any.js": ((r"Shift_JIS|ISO-2022-JP|ISO-8859-14", LEGACY),),
    **{
        f"{name}.any.js": ()
        for name in (
            "encoding/streams/backpressure",
            "encoding/streams/decode-bad-chunks",
            "encoding/streams/decode-ignore-bom",
            "encoding/streams/decode-incomplete-input",
            "encoding/streams/decode-split-character",
            "encoding/streams/encode-bad-chunks",
            "encoding/streams/encode-utf8",
            "encoding/streams/readable-writable-properties",
            "streams/piping/abort",
            "streams/piping/close-propagation-backward",
            "streams/piping/close-propagation-forward",
            "streams/piping/error-propagation-backward",
            "streams/piping/error-propagation-forward",
            "streams/piping/flow-control",
            "streams/piping/general",
            "streams/piping/multiple-propagation",
            "streams/piping/pipe-through",
            "streams/piping/then-interception",
            "streams/piping/throwing-options",
            "streams/piping/transform-streams",
            "streams/queuing-strategies",
            "streams/readable-byte-streams/bad-buffers-and-views",
            "streams/readable-byte-streams/construct-byob-request",
            "streams/readable-byte-streams/general",
            "streams/readable-byte-streams/respond-after-enqueue",
            "streams/readable-byte-streams/tee",
            "streams/readable-streams/async-iterator",
            "streams/readable-streams/bad-strategies",
            "streams/readable-streams/bad-underlying-sources",
            "streams/readable-streams/cancel",
            "streams/readable-streams/constructor",
            "streams/readable-streams/count-queuing-strategy-integration",
            "streams/readable-streams/default-reader",
            "streams/readable-streams/floating-point-total-queue-size",
            "streams/readable-streams/garbage-collection",
            "streams/readable-streams/general",
            "streams/readable-streams/patched-global",
            "streams/readable-streams/reentrant-strategies",
            "streams/readable-streams/tee",
            "streams/readable-streams/templated",
            "streams/transform-streams/backpressure",
            "streams/transform-streams/flush",
            "streams/transform-streams/lipfuzz",
            "streams/transform-streams/patched-global",
            "streams/transform-streams/properties",
            "streams/transform-streams/strategies",
            "streams/transform-streams/terminate",
            "streams/writable-streams/aborting",
            "streams/writable-streams/bad-strategies",
            "streams/writable-streams/bad-underlying-sinks",
            "streams/writable-streams/byte-length-queuing-strategy",
            "streams/writable-streams/close",
            "streams/writable-streams/constructor",
            "streams/writable-streams/count-queuing-strategy",
            "streams/writable-streams/error",
            "streams/writable-streams/floating-point-total-queue-size",
            "streams/writable-streams/general",
            "streams/writable-streams/properties",
            "streams/writable-streams/reentrant-strategy",
            "streams/writable-streams/start",
            "streams/writable-streams/write",
        )
    },
}

WEB_CRYPTO: dict[str, Expected] = {
    f"WebCryptoAPI/{name}.any.js": ()
    for name in (
        "derive_bits_keys/cfrg_curves_bits.https",
        "derive_bits_keys/cfrg_curves_keys.https",
        "derive_bits_keys/ecdh_bits.https",
        "derive_bits_keys/ecdh_keys.https",
        "derive_bits_keys/hkdf.https",
        "digest/digest.https",
        "encrypt_decrypt/aes_cbc.https",
        "encrypt_decrypt/aes_ctr.https",
        "encrypt_decrypt/aes_gcm.https",
        "encrypt_decrypt/aes_gcm_256_iv.https",
        "encrypt_decrypt/rsa_oaep.https",
        "generateKey/failures_AES-CBC.https",
        "generateKey/failures_AES-CTR.https",
        "generateKey/failures_AES-GCM.https",
        "generateKey/failures_AES-KW.https",
        "generateKey/failures_ECDH.https",
        "generateKey/failures_ECDSA.https",
        "generateKey/failures_Ed25519.https",
        "generateKey/failures_Ed448.https",
        "generateKey/failures_HMAC.https",
        "generateKey/failures_RSA-OAEP.https",
        "generateKey/failures_RSA-PSS.https",
        "generateKey/failures_RSASSA-PKCS1-v1_5.https",
        "generateKey/failures_X25519.https",
        "generateKey/failures_X448.https",
        "generateKey/successes_AES-CBC.https",
        "generateKey/successes_AES-CTR.https",
        "generateKey/successes_AES-GCM.https",
        "generateKey/successes_AES-KW.https",
        "generateKey/successes_ECDH.https",
        "generateKey/successes_ECDSA.https",
        "generateKey/successes_Ed25519.https",
        "generateKey/successes_Ed448.https",
        "generateKey/successes_HMAC.https",
        "generateKey/successes_RSA-OAEP.https",
        "generateKey/successes_RSA-PSS.https",
        "generateKey/successes_RSASSA-PKCS1-v1_5.https",
        "generateKey/successes_X25519.https",
        "generateKey/successes_X448.https",
        "getRandomValues",
        "import_export/ec_importKey.https",
        "import_export/okp_importKey.https",
        "import_export/okp_importKey_failures_Ed25519.https",
        "import_export/okp_importKey_failures_Ed448.https",
        "import_export/okp_importKey_failures_X25519.https",
        "import_export/okp_importKey_failures_X448.https",
        "import_export/rsa_importKey.https",
        "import_export/symmetric_importKey.https",
        "randomUUID.https",
        "sign_verify/ecdsa.https",
        "sign_verify/eddsa.https",
        "sign_verify/hmac.https",
        "sign_verify/rsa_pkcs.https",
        "sign_verify/rsa_pss.https",
        "wrapKey_unwrapKey/wrapKey_unwrapKey.https",
    )
}
"""All but PBKDF2's 8,740 subtests, which take half a minute; `tests/js/api/crypto.js` has some."""

TESTS: dict[str, Expected] = {**URL, **ENCODING, **EVENTS, **DATA, **STREAMS, **WEB_CRYPTO}
