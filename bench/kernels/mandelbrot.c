/* Mandelbrot set: floating point in an inner loop with an early end. */
#include "kernel.h"

enum { SIDE = 160, LIMIT = 100 };

uint32_t run(uint32_t rounds)
{
    uint32_t sum = 0;
    while (rounds--)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double re = 3.0 * x / SIDE - 2.0, im = 2.0 * y / SIDE - 1.0, a = 0, b = 0;
                int n = 0;
                for (; n < LIMIT && a * a + b * b < 4.0; n++) {
                    double t = a * a - b * b + re;
                    b = 2 * a * b + im;
                    a = t;
                }
                sum += (uint32_t)n;
            }
    return sum;
}
