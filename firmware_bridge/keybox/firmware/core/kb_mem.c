#include "kb_mem.h"

bool kb_same(const uint8_t *one, const uint8_t *other, size_t length)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < length; i++) {
        difference = (uint8_t)(difference | (one[i] ^ other[i]));
    }
    return difference == 0;
}

bool kb_all(const uint8_t *data, size_t length, uint8_t byte)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != byte) {
            return false;
        }
    }
    return true;
}

void kb_wipe(void *data, size_t length)
{
    volatile uint8_t *at = data;
    while (length-- > 0) {
        *at++ = 0;
    }
}
