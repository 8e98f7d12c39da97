#include "clocks.h"

#include "board.h"
#include "registers.h"

#define FEEDBACK 133u /* 12 MHz * 133 = 1596 MHz, within 750 to 1600 */
#define POST_1 6u
#define POST_2 2u /* 1596 / 6 / 2 = 133 MHz */

typedef char clock_tree_is_right[CRYSTAL_HZ / 1000u * FEEDBACK / POST_1 / POST_2 == CLOCK_HZ / 1000u ? 1 : -1];

static void start_crystal(void)
{
    REGISTER(XOSC_STARTUP) = CRYSTAL_HZ / 1000u / 256u + 1u; /* a millisecond, in 256 cycles */
    REGISTER(XOSC_CTRL) = 0xFABAA0u;                         /* enable, 1 to 15 MHz */
    wait_for(XOSC_STATUS, 1u << 31);
}

static void start_pll(void)
{
    release_reset(RESET_PLL_SYS);
    REGISTER(PLL_CS) = 1; /* reference not divided */
    REGISTER(PLL_FBDIV) = FEEDBACK;
    CLEAR_BITS(PLL_PWR) = 1u << 0 | 1u << 5; /* the loop and its oscillator on */
    wait_for(PLL_CS, 1u << 31);
    REGISTER(PLL_PRIM) = POST_1 << 16 | POST_2 << 12;
    CLEAR_BITS(PLL_PWR) = 1u << 3; /* the dividers behind it */
}

void clocks_start(void)
{
    start_crystal();
    /* While the PLL is set anew nothing may run from it: a watchdog's reset leaves clocks alone. */
    CLEAR_BITS(CLK_SYS_CTRL) = 1u;
    wait_for(CLK_SYS_SELECTED, 1u << 0);
    REGISTER(CLK_REF_CTRL) = 2u; /* from the crystal */
    wait_for(CLK_REF_SELECTED, 1u << 2);
    start_pll();
    REGISTER(CLK_SYS_CTRL) = 0; /* the PLL as auxiliary source ... */
    REGISTER(CLK_SYS_CTRL) = 1u; /* ... and that one taken */
    wait_for(CLK_SYS_SELECTED, 1u << 1);
    REGISTER(CLK_PERI_CTRL) = CLK_ENABLE | CLK_AUX_XOSC_PERI;
    REGISTER(CLK_ADC_CTRL) = CLK_ENABLE | CLK_AUX_XOSC_ADC; /* 12 MHz do, if slowly */
    REGISTER(WATCHDOG_TICK) = 1u << 9 | CRYSTAL_HZ / 1000000u;
    release_reset(RESET_TIMER);
}

uint64_t clocks_us(void)
{
    uint32_t high = REGISTER(TIMER_RAW_HIGH), low, again;
    for (;;) {
        low = REGISTER(TIMER_RAW_LOW);
        again = REGISTER(TIMER_RAW_HIGH);
        if (again == high) {
            return (uint64_t)high << 32 | low;
        }
        high = again;
    }
}
