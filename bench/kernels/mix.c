/* A hash over a buffer, as SHA-256 and its kin do it: long straight rounds of 32-bit arithmetic. */
#include "kernel.h"

enum { WORDS = 1 << 14 };
static uint32_t data[WORDS];

static inline uint32_t turn(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

uint32_t run(uint32_t rounds)
{
    uint32_t a = 0x6a09e667, b = 0xbb67ae85, c = 0x3c6ef372, d = 0xa54ff53a;
    for (uint32_t i = 0; i < WORDS; i++)
        data[i] = i * 2654435761u;
    while (rounds--)
        for (uint32_t i = 0; i < WORDS; i += 4) {
            a += (turn(b, 6) ^ turn(b, 11) ^ turn(b, 25)) + ((b & c) ^ (~b & d)) + data[i];
            b += (turn(c, 2) ^ turn(c, 13) ^ turn(c, 22)) + ((c & d) ^ (~c & a)) + data[i + 1];
            c += (turn(d, 7) ^ turn(d, 18) ^ (d >> 3)) + ((d & a) ^ (~d & b)) + data[i + 2];
            d += (turn(a, 17) ^ turn(a, 19) ^ (a >> 10)) + ((a & b) ^ (~a & c)) + data[i + 3];
        }
    return a ^ b ^ c ^ d;
}
