/* Answers with the SHA-256 of the request's body, in the words of `sha256sum` reading a pipe.
 *
 * The body arrives on standard input and is read in chunks, so a body of any size is hashed in
 * one page of memory. Algorithm and names: FIPS 180-4, sections 5.1.1 and 6.2.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64, DIGEST_WORDS = 8 };

/* 32 KiB a read: a body of 10 MiB costs 320 host calls, of the 1000 a request may make. */
static uint8_t chunk[32 * 1024];

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t load_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(uint8_t *p, uint32_t x) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(x >> (24 - 8 * i));
}

static void compress(uint32_t hash[DIGEST_WORDS], const uint8_t *block) {
    uint32_t w[64];
    for (int t = 0; t < 16; t++) w[t] = load_be32(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }

    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + K[t] + w[t];
        uint32_t sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

/* Compress the whole blocks at the front of `chunk`, move what is left there; return its length. */
static size_t consume(uint32_t hash[DIGEST_WORDS], size_t filled) {
    size_t done = 0;
    for (; filled - done >= BLOCK; done += BLOCK) compress(hash, chunk + done);
    memmove(chunk, chunk + done, filled - done);
    return filled - done;
}

/* Hash standard input to its end. Returns 0, or -1 where reading failed. */
static int hash_stdin(uint32_t hash[DIGEST_WORDS]) {
    uint64_t total = 0;
    size_t filled = 0;
    ssize_t got;
    while ((got = read(STDIN_FILENO, chunk + filled, sizeof chunk - filled)) > 0) {
        total += (uint64_t)got;
        filled = consume(hash, filled + (size_t)got);
    }
    if (got < 0) return -1;

    /* The padding: a one bit, zeros up to 8 bytes before a block's end, the length in bits. */
    size_t padded = (filled + 1 + 8 + BLOCK - 1) / BLOCK * BLOCK;
    chunk[filled] = 0x80;
    memset(chunk + filled + 1, 0, padded - filled - 1 - 8);
    store_be32(chunk + padded - 8, (uint32_t)(total * 8 >> 32));
    store_be32(chunk + padded - 4, (uint32_t)(total * 8));
    consume(hash, padded);
    return 0;
}

static int write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written <= 0) return -1;
        text += written, length -= (size_t)written;
    }
    return 0;
}

int main(void) {
    uint32_t hash[DIGEST_WORDS] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    if (hash_stdin(hash) != 0) {
        static const char reason[] = "sha256: the request's body could not be read\n";
        write_all(STDERR_FILENO, reason, sizeof reason - 1);
        return 1;
    }

    char response[] = "Content-Type: text/plain\n\n"
                      "----------------------------------------------------------------  -\n";
    char *hex = strstr(response, "\n\n") + 2;
    for (int i = 0; i < 2 * 4 * DIGEST_WORDS; i++)
        hex[i] = "0123456789abcdef"[hash[i / 8] >> (28 - i % 8 * 4) & 15];
    return write_all(STDOUT_FILENO, response, sizeof response - 1) == 0 ? 0 : 1;
}
