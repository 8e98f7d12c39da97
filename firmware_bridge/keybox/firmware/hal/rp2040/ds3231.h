/* The clock with its own cell: a DS3231 at I2C0. */
#ifndef RP2040_DS3231_H
#define RP2040_DS3231_H

#include <stdbool.h>
#include <stdint.h>

void ds3231_start(void);
bool ds3231_read(void *self, uint32_t *seconds);
bool ds3231_write(void *self, uint32_t seconds);

#endif
