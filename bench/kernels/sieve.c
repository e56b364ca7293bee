/* Sieve of Eratosthenes: tiny loops that store. */
#include "kernel.h"

enum { SIZE = 1 << 19 };
static uint8_t composite[SIZE];

uint32_t run(uint32_t rounds)
{
    uint32_t primes = 0;
    while (rounds--) {
        for (uint32_t i = 0; i < SIZE; i++)
            composite[i] = 0;
        for (uint32_t i = 2; i < SIZE; i++) {
            if (composite[i])
                continue;
            primes++;
            for (uint32_t k = i + i; k < SIZE; k += i)
                composite[k] = 1;
        }
    }
    return primes;
}
