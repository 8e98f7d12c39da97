/* The watchdog, resets and why the last one came. */
#ifndef RP2040_WATCHDOG_H
#define RP2040_WATCHDOG_H

#include "kb_hal.h"

void watchdog_start(void);
void watchdog_kick(void *self);
void watchdog_reboot(void *self);
uint8_t watchdog_slot(void *self);
enum kb_reset watchdog_reset_cause(void *self);

#endif
