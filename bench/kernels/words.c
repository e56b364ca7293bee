/* Splits a text into words and counts them in a hash table: bytes, short loops, branches. */
#include "kernel.h"

enum { LENGTH = 1 << 16, SLOTS = 1 << 12 };
static char text[LENGTH];
static uint32_t counts[SLOTS];

uint32_t run(uint32_t rounds)
{
    uint32_t seed = 7, sum = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        counts[i] = 0;
    for (uint32_t i = 0; i < LENGTH; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = (seed >> 24) % 6 ? 'a' + (seed >> 16) % 26 : ' ';
    }
    while (rounds--)
        for (uint32_t at = 0; at < LENGTH;) {
            uint32_t hash = 2166136261u;
            while (at < LENGTH && text[at] == ' ')
                at++;
            while (at < LENGTH && text[at] != ' ')
                hash = (hash ^ (uint8_t)text[at++]) * 16777619u;
            sum += ++counts[hash % SLOTS];
        }
    return sum;
}
