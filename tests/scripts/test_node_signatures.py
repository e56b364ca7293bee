"""sign and verify of `node:crypto`, against the package `cryptography`."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as serial
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from .support import Scripts

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
HEAD = """import crypto, { createSign, createVerify, sign, verify } from "node:crypto";
const told = (work) => { try { return work() } catch (e) { return `${e.name}: ${e.message}` } };
"""


def private(key: Any, form: serial.PrivateFormat = serial.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serial.Encoding.PEM, form, serial.NoEncryption()).decode()  # type: ignore[no-any-return]


def public(key: Any) -> str:
    form = serial.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serial.Encoding.PEM, form).decode()  # type: ignore[no-any-return]


def answers(scripts: Scripts, keys: dict[str, str], works: list[str]) -> list[Any]:
    listed = ",".join(f"() => ({work})" for work in works)
    source = f"{HEAD}const K = {json.dumps(keys)}, works = [{listed}];"
    handler = scripts.handler(f"{source}\nexport default () => Response.json(works.map(told));")
    found: list[Any] = json.loads(scripts.fetch(handler).body)
    return found


def test_signatures_of_a_guest(scripts: Scripts) -> None:
    form = serial.PrivateFormat.TraditionalOpenSSL
    keys = {"rsa": private(RSA), "pkcs1": private(RSA, form), "ec": private(EC), "ed": private(ED)}
    made = answers(
        scripts,
        keys,
        [
            "createSign('RSA-SHA256').update('da').update('ta').sign(K.rsa, 'hex')",
            "sign('sha256', Buffer.from('data'), K.pkcs1).toString('hex')",
            "createSign('SHA256').update('data').sign(K.ec, 'hex')",
            "sign(null, Buffer.from('data'), K.ed).toString('hex')",
            "sign('sha256', 'data', { key: K.rsa, padding: crypto.constants.RSA_PKCS1_PSS_PADDING,"
            " saltLength: 32 }).toString('hex')",
            "sign('sha256', 'data', { key: K.ec, dsaEncoding: 'ieee-p1363' }).length",
        ],
    )
    plain, old, curve, edwards, pss = map(bytes.fromhex, made[:5])
    rsa_key = RSA.public_key()
    for signature in (plain, old):
        rsa_key.verify(signature, b"data", padding.PKCS1v15(), hashes.SHA256())
    rsa_key.verify(pss, b"data", PSS, hashes.SHA256())
    EC.public_key().verify(curve, b"data", ec.ECDSA(hashes.SHA256()))
    ED.public_key().verify(edwards, b"data")
    assert made[5] == 64


def test_a_guest_verifies(scripts: Scripts) -> None:
    signed = {
        "rsa": RSA.sign(b"data", padding.PKCS1v15(), hashes.SHA256()),
        "pss": RSA.sign(b"data", PSS, hashes.SHA256()),
        "ec": EC.sign(b"data", ec.ECDSA(hashes.SHA256())),
        "ed": ED.sign(b"data"),
    }
    keys = {name: signature.hex() for name, signature in signed.items()}
    keys |= {"RSA": public(RSA), "EC": public(EC), "ED": public(ED), "own": private(EC)}
    way = "{ key: K.RSA, padding: 6 }"
    found = answers(
        scripts,
        keys,
        [
            "createVerify('sha256').update('data').verify(K.RSA, K.rsa, 'hex')",
            f"verify('sha256', 'data', {way}, Buffer.from(K.pss, 'hex'))",
            "verify('sha256', 'data', K.EC, Buffer.from(K.ec, 'hex'))",
            "verify('sha256', 'data', K.own, Buffer.from(K.ec, 'hex'))",
            "verify(null, 'data', K.ED, Buffer.from(K.ed, 'hex'))",
            "verify('sha256', 'Data', K.RSA, Buffer.from(K.rsa, 'hex'))",
            "verify('sha512', 'data', K.EC, Buffer.from(K.ec, 'hex'))",
            "verify(null, 'data', K.ED, Buffer.from('00', 'hex'))",
            "verify('sha256', 'data', K.RSA, Buffer.from(K.pss, 'hex'))",
        ],
    )
    assert found == [True] * 5 + [False] * 4


def test_keys_that_cannot_be_used(scripts: Scripts) -> None:
    small = rsa.generate_private_key(65537, 1024)
    other = ec.generate_private_key(ec.SECP256K1())
    keys = {"ed": private(ED), "ec": private(EC), "other": private(other), "open": public(small)}
    found = answers(
        scripts,
        keys,
        [
            "sign('sha256', 'data', 'not a key')",
            "sign('sha256', 'data', K.ed)",
            "sign(null, 'data', K.ec)",
            "sign('md5', 'data', K.ec)",
            "sign('sha256', 'data', K.other)",
            "sign('sha256', 'data', K.open)",
            "sign('sha256', 'data', { key: K.ec, passphrase: 'x' })",
            "verify('sha256', 'data', { key: K.open, padding: 3 }, Buffer.from(''))",
        ],
    )
    starts = [
        "Error: The key cannot be read: ",
        "Error: This kind of key takes no hash",
        "Error: This kind of key needs a hash",
        "Error: The hash is MD5; allowed: SHA-1, ",
        "Error: The curve is secp256k1; allowed: P-256",
        "Error: The key cannot be read: it is not a private key",
        "Error: Encrypted keys are not supported",
        "Error: The padding is 3; allowed: 1 and 6",
    ]
    wrong = [pair for pair in zip(found, starts, strict=True) if not pair[0].startswith(pair[1])]
    assert wrong == []


def test_key_objects(scripts: Scripts) -> None:
    head = """import crypto, { createHmac, createPrivateKey as priv } from "node:crypto";
import { createPublicKey as pub, createSecretKey } from "crypto";
const told = (work) => { try { return work() } catch (e) { return `${e.name}: ${e.message}` } };
"""
    form = serial.PrivateFormat.TraditionalOpenSSL
    keys = {"rsa": private(RSA), "ec": private(EC), "ecp": public(EC), "ed": private(ED)}
    works = [
        "priv(K.ec).export({ format: 'pem', type: 'sec1' })",
        "[priv(K.rsa).type, priv(K.rsa).asymmetricKeyDetails.publicExponent + '', "
        "pub(K.ecp).asymmetricKeyDetails, priv(K.ed).asymmetricKeyType, pub(K.ecp).type]",
        "pub(priv(K.ec)).export({ format: 'pem', type: 'spki' }) === K.ecp",
        "priv({ key: priv(K.ec).export({ format: 'jwk' }), format: 'jwk' }).equals(priv(K.ec))",
        "crypto.verify('sha256', 'a', priv(K.ec), crypto.sign('sha256', 'a', priv(K.ec)))",
        "crypto.verify(null, 'a', pub(K.ed), crypto.sign(null, 'a', { key: priv(K.ed) }))",
        "[createSecretKey('abc').export().toString(), createSecretKey('abc').symmetricKeySize,"
        "createSecretKey('abc').export({ format: 'jwk' }).k]",
        "createHmac('md5', createSecretKey('k')).update('d').digest('hex') ==="
        "createHmac('md5', 'k').update('d').digest('hex')",
        "priv(K.ed).export({ format: 'pem', type: 'pkcs1' })",
        "priv('x')",
        "pub({ key: { kty: 'EC', crv: 'P-257' }, format: 'jwk' })",
        "pub(createSecretKey('abc'))",
    ]
    listed = ",".join(f"() => ({work})" for work in works)
    source = f"{head}const K = {json.dumps(keys)}, works = [{listed}], early = works.map(told);"
    body = "export default () => Response.json([early, works.map(told)]);"
    early, found = json.loads(scripts.fetch(scripts.handler(f"{source}\n{body}")).body)
    assert found[1:8] == [
        ["private", "65537", {"namedCurve": "prime256v1"}, "ed25519", "public"],
        True,
        True,
        True,
        True,
        ["abc", 3, "YWJj"],
        True,
    ]
    assert found[0] == private(EC, form)
    assert found[8].startswith("Error: This key has no form 'pkcs1'")
    assert found[9].startswith("Error: The key cannot be read")
    assert found[10].startswith("Error: The JWK's kty and crv must be RSA or one of P-256")
    assert found[11] == "TypeError: Invalid key object type secret, expected private."
    assert early == found
