/* Binary trees from a pool: recursion, pointers, little arithmetic. */
#include "kernel.h"

enum { DEPTH = 13 };
struct node { struct node *left, *right; };
static struct node pool[1 << (DEPTH + 1)];
static uint32_t used;

static struct node *grow(int depth)
{
    struct node *made = &pool[used++];
    made->left = depth ? grow(depth - 1) : 0;
    made->right = depth ? grow(depth - 1) : 0;
    return made;
}

static uint32_t count(const struct node *at)
{
    return at ? 1 + count(at->left) + count(at->right) : 0;
}

uint32_t run(uint32_t rounds)
{
    uint32_t sum = 0;
    while (rounds--) {
        used = 0;
        sum += count(grow(DEPTH));
    }
    return sum;
}
