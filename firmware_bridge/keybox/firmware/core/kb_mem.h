/* Bytes: copying, comparing without telling where they differ, big-endian integers. */
#ifndef KB_MEM_H
#define KB_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A freestanding compiler has no <string.h>, yet may call these itself. With a C library they are
 * the library's, without one hal/freestanding/mem.c gives them. */
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *one, const void *other, size_t length);

/* Whether two tags are the same, in a time that depends on `length` alone. */
bool kb_same(const uint8_t *one, const uint8_t *other, size_t length);
/* Whether all bytes are `byte`. */
bool kb_all(const uint8_t *data, size_t length, uint8_t byte);
/* Clears keys in a way that the compiler does not leave out. */
void kb_wipe(void *data, size_t length);

static inline uint16_t kb_get16(const uint8_t *at)
{
    return (uint16_t)((uint16_t)(at[0] << 8) | at[1]);
}

static inline uint32_t kb_get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint8_t *kb_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static inline uint8_t *kb_put32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

#endif
