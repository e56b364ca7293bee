import hashlib
import random
import shutil
import subprocess

import pytest

CHUNK = 32 * 1024


def body_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


# Around a block's end (with and without room for the length), around a chunk's end, and large.
@pytest.mark.parametrize(
    "size",
    [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, CHUNK - 9, CHUNK - 1, CHUNK, CHUNK + 1, 1 << 20],
)
def test_digest(ask, size):
    body = body_of(size)
    answer = ask("sha256", body=body)
    assert answer.headers == {"Content-Type": "text/plain"}
    assert answer.body.decode() == f"{hashlib.sha256(body).hexdigest()}  -\n"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum to compare with")
def test_speaks_like_sha256sum(ask):
    body = body_of(1000)
    theirs = subprocess.run(["sha256sum"], input=body, capture_output=True, check=True).stdout
    assert ask("sha256", body=body).body == theirs
