/* Recursive Fibonacci: nothing but small calls, the worst case of entry checks. */
#include "kernel.h"

static uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint32_t run(uint32_t rounds)
{
    uint32_t sum = 0;
    while (rounds--)
        sum += fib(20 + rounds % 8);
    return sum;
}
