/* Clocks, and the microseconds that the timer counts from them. */
#ifndef RP2040_CLOCKS_H
#define RP2040_CLOCKS_H

#include <stdint.h>

/* Crystal 12 MHz -> PLL -> 133 MHz for the processor; crystal for UART, ADC and timer. */
void clocks_start(void);
/* Microseconds since the timer left its reset. */
uint64_t clocks_us(void);

#endif
