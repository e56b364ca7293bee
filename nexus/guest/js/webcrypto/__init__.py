"""Web Crypto's mathematics, on the host, with the package `cryptography`.

service.py     `CryptoService`: a guest's message in, the answer out
calls.py       the calls, by name
key_table.py   the keys of one execution, which guests know by number
failure.py     the errors that a guest sees as DOMExceptions
numbers.py     integers and bytes in base64url, as JSON Web Keys have them
pair_keys.py   RSA keys and keys on curves: import, export, generation
rsa_check.py   whether the numbers of an RSA key belong together
signing.py     sign and verify
pem.py         signatures with keys in PEM or DER, for `node:crypto`
key_objects.py  its `KeyObject`: a key's facts and other forms
ciphers.py     encrypt and decrypt, and the wrapping of keys by AES
derivation.py  PBKDF2, HKDF, and the agreement on a secret by ECDH and X25519
work.py        estimates long work before it begins, and stops runs that have no time for it

Only `service.py` and `key_table.py` are imported before a guest asks for something: loading
`cryptography` takes some 40 ms.
"""
