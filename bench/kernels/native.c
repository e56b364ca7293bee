/* Times a kernel natively: native ROUNDS prints seconds and the checksum. */
#include "kernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec began, ended;
    uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    uint32_t sum = run(rounds);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    double seconds = (double)(ended.tv_sec - began.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began.tv_nsec);
    printf("%.9f %u\n", seconds, sum);
    return 0;
}
