/* Battery and temperature, by the ADC. */
#ifndef RP2040_SUPPLY_H
#define RP2040_SUPPLY_H

#include <stdint.h>

void supply_start(void);
uint16_t supply_battery_mv(void *self);
int16_t supply_temperature(void *self);

#endif
