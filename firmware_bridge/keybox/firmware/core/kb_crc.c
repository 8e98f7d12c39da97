#include "kb_crc.h"

uint16_t kb_crc16(const uint8_t *data, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        /* A byte at a time without a table. */
        uint16_t x = (uint16_t)((crc >> 8 ^ data[i]) & 0xFF);
        x = (uint16_t)(x ^ x >> 4);
        crc = (uint16_t)(crc << 8 ^ x << 12 ^ x << 5 ^ x);
    }
    return crc;
}
