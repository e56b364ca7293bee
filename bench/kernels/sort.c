/* Quicksort of random numbers: branches that no one can foresee, and recursion. */
#include "kernel.h"

enum { COUNT = 1 << 15 };
static uint32_t numbers[COUNT];

static void sort(uint32_t *from, uint32_t *to)
{
    while (to - from > 1) {
        uint32_t pivot = from[(to - from) / 2], *low = from, *high = to - 1;
        while (low <= high) {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                uint32_t kept = *low;
                *low++ = *high;
                *high-- = kept;
            }
        }
        sort(from, high + 1);
        from = low;
    }
}

uint32_t run(uint32_t rounds)
{
    uint32_t sum = 0, seed = 1;
    while (rounds--) {
        for (uint32_t i = 0; i < COUNT; i++)
            numbers[i] = seed = seed * 1664525u + 1013904223u;
        sort(numbers, numbers + COUNT);
        sum += numbers[COUNT / 2];
    }
    return sum;
}
