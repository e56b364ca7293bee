"""What the host keeps for a JavaScript execution is there again when the execution goes on."""

from __future__ import annotations

from tests.suspension.support import Make, Worker, execute, goes_on_elsewhere

KEY = """
const { subtle } = crypto;
const algorithm = { name: "HMAC", hash: "SHA-256" };
const key = await subtle.importKey("raw", new Uint8Array(args.secret), algorithm, false, ["sign"]);
"""


def test_keys_and_compressed_streams_follow_an_execution(worker: Worker, make: Make) -> None:
    served = make(
        """const { subtle } = crypto;
        const pair = await subtle.generateKey("Ed25519", false, ["sign", "verify"]);
        const zip = new CompressionStream("gzip");
        const plain = zip.readable.pipeThrough(new DecompressionStream("gzip"));
        const whole = new Response(plain).text();
        const writer = zip.writable.getWriter();
        let sum = 0;
        for (let n = 1; n <= 3; n++) {
          await writer.write(new TextEncoder().encode(`${n},`));
          $emit("asking", n);
          sum += await $ext.oracle.ask({ n, by: args.by });
        }
        await writer.close();
        const data = new TextEncoder().encode(await whole);
        const signature = await subtle.sign("Ed25519", pair.privateKey, data);
        const holds = await subtle.verify("Ed25519", pair.publicKey, signature, data);
        return [sum, await whole, holds];"""
    )
    result = goes_on_elsewhere(worker, served)
    assert (result.status, result.return_value) == ("success", [60, "1,2,3,", True])


def test_executions_do_not_see_each_others_keys(worker: Worker, make: Make) -> None:
    served = make(
        KEY
        + """await $ext.oracle.ask();
        return new Uint8Array(await subtle.sign("HMAC", key, new Uint8Array(1))).toHex();"""
    )
    waiting = [execute(worker, served, args={"secret": [number]}) for number in (1, 2)]
    first, second = [worker.resume(one).return_value for one in waiting]
    again = worker.resume(execute(worker, served, args={"secret": [1]})).return_value
    assert first == again
    assert first != second
