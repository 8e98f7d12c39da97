/* DS3231 (data sheet 19-5170): registers 0x00-0x06 the calendar, 0x0E control, 0x0F status. */
#include "ds3231.h"

#include "board.h"
#include "calendar.h"
#include "clocks.h"
#include "pins.h"
#include "registers.h"

#define ADDRESS 0x68u
#define REGISTER_CALENDAR 0x00u
#define REGISTER_CONTROL 0x0Eu
#define REGISTER_STATUS 0x0Fu
#define OSCILLATOR_STOPPED 0x80u
#define CONTROL_QUIET 0x04u /* runs on the cell too (EOSC clear), no square wave, no alarms */

#define COMMAND_READ (1u << 8)
#define COMMAND_STOP (1u << 9)
#define COMMAND_RESTART (1u << 10)
#define INTERRUPT_ABORT (1u << 6)
#define INTERRUPT_STOP (1u << 9)
#define PATIENCE_US 5000u
#define FIFO 16u

void ds3231_start(void)
{
    release_reset(RESET_I2C0);
    REGISTER(I2C_ENABLE) = 0;
    REGISTER(I2C_CON) = 1u << 6 | 1u << 5 | 2u << 1 | 1u << 0; /* master alone, fast counters */
    REGISTER(I2C_TAR) = ADDRESS;
    REGISTER(I2C_FS_SCL_HCNT) = CLOCK_HZ / 100000u * 2u / 5u; /* 100 kHz: long lines do no harm */
    REGISTER(I2C_FS_SCL_LCNT) = CLOCK_HZ / 100000u * 3u / 5u;
    REGISTER(I2C_SPKLEN) = 7u;                       /* 50 ns */
    REGISTER(I2C_SDA_HOLD) = CLOCK_HZ / 3000000u + 1u; /* 300 ns */
    REGISTER(I2C_ENABLE) = 1;
    pin_function(PIN_I2C_SDA, FUNCTION_I2C, true);
    pin_function(PIN_I2C_SCL, FUNCTION_I2C, true);
}

/* One transfer: writes `out`, then reads `in` after a repeated start. All of it fits the FIFO, so it
 * is queued at once. False where nobody answers or the bus hangs: it is then switched off and on. */
static bool transfer(const uint8_t *out, unsigned sent, uint8_t *in, unsigned wanted)
{
    uint64_t until = clocks_us() + PATIENCE_US;
    bool whole = false;
    if (sent + wanted > FIFO) {
        return false;
    }
    (void)REGISTER(I2C_CLR_TX_ABRT);
    (void)REGISTER(I2C_CLR_STOP_DET);
    for (unsigned i = 0; i < sent; i++) {
        REGISTER(I2C_DATA_CMD) = out[i] | (wanted == 0 && i + 1u == sent ? COMMAND_STOP : 0u);
    }
    for (unsigned i = 0; i < wanted; i++) {
        REGISTER(I2C_DATA_CMD) = COMMAND_READ | (i == 0 ? COMMAND_RESTART : 0u) |
                                 (i + 1u == wanted ? COMMAND_STOP : 0u);
    }
    while (clocks_us() < until) {
        uint32_t raw = REGISTER(I2C_RAW_INTR_STAT);
        if ((raw & INTERRUPT_ABORT) != 0) {
            break;
        }
        if ((raw & INTERRUPT_STOP) != 0) {
            whole = REGISTER(I2C_RXFLR) == wanted;
            break;
        }
    }
    for (unsigned i = 0; whole && i < wanted; i++) {
        in[i] = (uint8_t)REGISTER(I2C_DATA_CMD);
    }
    if (!whole) {
        ds3231_start();
    }
    return whole;
}

static bool set_register(uint8_t number, uint8_t value)
{
    uint8_t out[2] = {number, value};
    return transfer(out, sizeof out, (uint8_t *)0, 0);
}

static bool get_status(uint8_t *status)
{
    uint8_t number = REGISTER_STATUS;
    return transfer(&number, 1, status, 1);
}

/* The flag is asked for after the time: an oscillator that stops in between is seen. */
bool ds3231_read(void *self, uint32_t *seconds)
{
    uint8_t number = REGISTER_CALENDAR, registers[CALENDAR_BYTES], status;
    (void)self;
    return transfer(&number, 1, registers, sizeof registers) && get_status(&status) &&
           (status & OSCILLATOR_STOPPED) == 0 && calendar_read(registers, seconds);
}

/* The flag is cleared last: power that goes before leaves a clock that was unknown unknown. The chip
 * takes a calendar over as a whole, at the end of its one transfer. */
bool ds3231_write(void *self, uint32_t seconds)
{
    uint8_t out[1u + CALENDAR_BYTES] = {REGISTER_CALENDAR}, status;
    (void)self;
    calendar_pack(out + 1, seconds);
    return set_register(REGISTER_CONTROL, CONTROL_QUIET) &&
           transfer(out, sizeof out, (uint8_t *)0, 0) && get_status(&status) &&
           set_register(REGISTER_STATUS, status & (uint8_t)~OSCILLATOR_STOPPED);
}
