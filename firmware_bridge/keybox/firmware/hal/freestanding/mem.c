/* The four functions a C compiler may call by itself, for targets without a C library. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *one, const void *other, size_t length);

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    while (length-- > 0) {
        *target++ = *source++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    if (target < source) {
        return memcpy(to, from, length);
    }
    while (length-- > 0) {
        target[length] = source[length];
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    uint8_t *target = to;
    while (length-- > 0) {
        *target++ = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *one, const void *other, size_t length)
{
    const uint8_t *left = one;
    const uint8_t *right = other;
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}
