/* What a person touches and sees: keypad, switches, bolt, lights and buzzer. Scanned every 5 ms by
 * the SysTick interrupt, so that no key is lost while the device computes.
 */
#ifndef RP2040_PANEL_H
#define RP2040_PANEL_H

#include "kb_hal.h"

#define PANEL_FITTED \
    (KB_IN_LEAF_OPEN | KB_IN_BOLT_RETRACTED | KB_IN_TAMPER | KB_IN_KEY_ABSENT | KB_IN_MECHANICAL_KEY)

void panel_start(void);
/* Whether a key or a switch has changed since it was last asked for. */
bool panel_has_news(void);
void panel_interrupt(void);
char panel_key(void *self);
uint16_t panel_inputs(void *self);
void panel_bolt(void *self, bool released);
void panel_feedback(void *self, enum kb_feedback feedback);

#endif
