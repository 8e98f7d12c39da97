/* CRC-16, polynomial 0x1021, initial value 0xFFFF, not reflected (CRC-16/IBM-3740). */
#ifndef KB_CRC_H
#define KB_CRC_H

#include <stddef.h>
#include <stdint.h>

uint16_t kb_crc16(const uint8_t *data, size_t length);

#endif
