/* Counts in the state: adds the context's `args`, a whole number, to the state's `count`, emits the
 * event `counted` and returns the new count. Run with
 *
 *     nexus run counter.wasm --context '{"state": {"count": 40}, "args": 2}' */

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "nexus.h"

#define DIGITS 12 /* of an int32_t, with its sign and a NUL */
#define TEXT(text) text, sizeof text - 1

/* Read a whole number from JSON; false where it is something else, or too large. */
static bool parse(const char *text, int32_t size, int32_t *number) {
    bool negative = size > 0 && text[0] == '-';
    int32_t value = 0;
    if (size == negative) return false;
    for (int32_t i = negative; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_add_overflow(value, text[i] - '0', &value)) return false;
    }
    *number = negative ? -value : value;
    return true;
}

/* Write a whole number as JSON; return its length. */
static size_t print(int32_t number, char text[DIGITS]) {
    char digits[DIGITS];
    size_t count = 0, size = 0;
    uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0) text[size++] = '-';
    while (count > 0) text[size++] = digits[--count];
    return size;
}

static int fail(const char *reason) {
    nexus_log(NEXUS_ERROR, reason, strlen(reason));
    return 1;
}

/* What the state has, 0 where it has nothing yet; false where that cannot be counted on. */
static bool read_count(int32_t *count) {
    char text[DIGITS];
    int32_t size = nexus_state_get(TEXT("count"), text, sizeof text);
    if (size == NEXUS_NOT_FOUND) return *count = 0, true;
    return size > 0 && size <= (int32_t)sizeof text && parse(text, size, count);
}

int main(void) {
    if (nexus_state_keys(NULL, 0) == NEXUS_UNAVAILABLE) { /* an HTTP request */
        static const char response[] =
            "Content-Type: text/plain\n\nThis handler counts in the state of a JSON context.\n";
        return write(STDOUT_FILENO, TEXT(response)) < 0;
    }

    char text[DIGITS];
    int32_t count, by, size = nexus_args(text, sizeof text);
    if (size > (int32_t)sizeof text || !parse(text, size, &by))
        return fail("counter: args must be a whole number");
    if (!read_count(&count)) return fail("counter: the state's count is no whole number");
    if (__builtin_add_overflow(count, by, &count)) return fail("counter: too far to count");

    size_t length = print(count, text);
    if (nexus_state_set(TEXT("count"), text, length) != NEXUS_OK) return fail("counter: not kept");
    if (nexus_emit(TEXT("counted"), text, length) != NEXUS_OK) return fail("counter: not emitted");
    return write(STDOUT_FILENO, text, length) != (ssize_t)length;
}
