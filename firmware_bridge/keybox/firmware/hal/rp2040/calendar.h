/* Seconds since 2025-01-01 and the BCD calendar of a DS3231, 2025 to 2099. */
#ifndef RP2040_CALENDAR_H
#define RP2040_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_BYTES 7u /* seconds, minutes, hours, weekday, day, month, year */

void calendar_pack(uint8_t registers[CALENDAR_BYTES], uint32_t seconds);
/* False for what no calendar shows, or before 2025. */
bool calendar_read(const uint8_t registers[CALENDAR_BYTES], uint32_t *seconds);

#endif
