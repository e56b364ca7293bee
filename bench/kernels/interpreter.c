/* A small interpreter of byte code: a switch in a loop. */
#include "kernel.h"

enum { PUSH, ADD, MUL, DUP, SWAP, DEC, JUMP_IF, DROP, HALT };
static const uint8_t code[] = {
    PUSH, 1, PUSH, 200, DUP, PUSH, 3, MUL, PUSH, 7, ADD, DROP,
    SWAP, PUSH, 5, ADD, SWAP, DEC, JUMP_IF, 4, DROP, HALT,
};

static uint32_t interpret(const uint8_t *program)
{
    uint32_t stack[16], *top = stack, kept;
    for (const uint8_t *at = program;;)
        switch (*at++) {
        case PUSH: *top++ = *at++; break;
        case ADD: top--; top[-1] += *top; break;
        case MUL: top--; top[-1] *= *top; break;
        case DUP: *top = top[-1]; top++; break;
        case SWAP: kept = top[-1]; top[-1] = top[-2]; top[-2] = kept; break;
        case DEC: top[-1]--; break;
        case JUMP_IF: at = top[-1] ? program + *at : at + 1; break;
        case DROP: top--; break;
        default: return top[-1];
        }
}

uint32_t run(uint32_t rounds)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < rounds * 100; i++)
        sum += interpret(code);
    return sum;
}
