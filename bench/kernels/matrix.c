/* Product of two matrices of doubles. */
#include "kernel.h"

enum { N = 120 };
static double a[N][N], b[N][N], c[N][N];

uint32_t run(uint32_t rounds)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = i + j, b[i][j] = i - j, c[i][j] = 0;
    while (rounds--)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double sum = 0;
                for (int k = 0; k < N; k++)
                    sum += a[i][k] * b[k][j];
                c[i][j] += sum;
            }
    return (uint32_t)(int64_t)c[N - 1][N - 2];
}
