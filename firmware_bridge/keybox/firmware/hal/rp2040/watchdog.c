#include "watchdog.h"

#include "board.h"
#include "layout.h"
#include "registers.h"

#define ENABLE (1u << 30)
#define TRIGGER (1u << 31)
#define ALL_BUT_OSCILLATORS 0x1FFFCu

/* Counts down twice a microsecond (erratum RP2040-E1). */
#define LOAD (WATCHDOG_MS * 2000u)

void watchdog_start(void)
{
    CLEAR_BITS(WATCHDOG_CTRL) = ENABLE;
    REGISTER(PSM_WATCHDOG_SELECT) = ALL_BUT_OSCILLATORS;
    REGISTER(WATCHDOG_LOAD) = LOAD;
    SET_BITS(WATCHDOG_CTRL) = ENABLE;
}

void watchdog_kick(void *self)
{
    (void)self;
    REGISTER(WATCHDOG_LOAD) = LOAD;
}

void watchdog_reboot(void *self)
{
    (void)self;
    REGISTER(WATCHDOG_SCRATCH0) = ASKED_FOR_RESET;
    REGISTER(PSM_WATCHDOG_SELECT) = ALL_BUT_OSCILLATORS;
    SET_BITS(WATCHDOG_CTRL) = TRIGGER;
    for (;;) {
    }
}

uint8_t watchdog_slot(void *self)
{
    (void)self;
    return REGISTER(WATCHDOG_SCRATCH1) & 1u;
}

enum kb_reset watchdog_reset_cause(void *self)
{
    static enum kb_reset cause; /* asked for once, then the mark is taken away */
    (void)self;
    if (cause == 0) {
        uint32_t reason = REGISTER(WATCHDOG_REASON);
        cause = KB_RESET_POWER;
        if (reason != 0) {
            cause = REGISTER(WATCHDOG_SCRATCH0) == ASKED_FOR_RESET ? KB_RESET_SOFTWARE
                                                                    : KB_RESET_WATCHDOG;
        }
        REGISTER(WATCHDOG_SCRATCH0) = 0;
    }
    return cause;
}
