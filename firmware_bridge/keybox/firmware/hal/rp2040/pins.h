/* Pins: their function, and the states of switches and keys. */
#ifndef RP2040_PINS_H
#define RP2040_PINS_H

#include <stdbool.h>
#include <stdint.h>

void pins_start(void);
void pin_function(unsigned pin, unsigned function, bool pull_up);
void pin_output(unsigned pin, bool high);
void pin_input(unsigned pin);
void pin_drive(unsigned pin, bool high);
bool pin_is_high(unsigned pin);

#endif
