#include "panel.h"

#include "board.h"
#include "pins.h"
#include "registers.h"

#define SCAN_HZ 200u
#define STEADY 4u /* scans: 20 ms */
#define KEYS (KEYPAD_ROWS * KEYPAD_COLUMNS)
#define WAITING 16u /* keys; a power of two */

static const char legends[KEYS + 1u] = "123456789*0#";

struct switch_pin {
    uint8_t pin;
    uint8_t bit;
    bool closed_is_set;
};
static const struct switch_pin switches[] = {
    {PIN_LEAF, KB_IN_LEAF_OPEN, false},
    {PIN_RETRACTED, KB_IN_BOLT_RETRACTED, true},
    {PIN_TAMPER, KB_IN_TAMPER, false},
    {PIN_KEY_HOOK, KB_IN_KEY_ABSENT, false},
    {PIN_MECHANICAL, KB_IN_MECHANICAL_KEY, true},
};

/* What was seen in the last scans: a value holds once it was seen STEADY times on end. */
struct steady {
    uint16_t seen, holds;
    uint8_t times;
};

static struct steady keys, inputs;
static volatile uint8_t in, out;
static char waiting[WAITING];
static volatile uint16_t inputs_now;
static uint16_t inputs_told;
static volatile uint16_t beeps, lit; /* scans that buzzer and lights still go on */

static bool settles(struct steady *it, uint16_t value)
{
    if (value != it->seen) {
        it->seen = value;
        it->times = 0;
    }
    if (it->times < STEADY) {
        it->times++;
    }
    if (it->times < STEADY || value == it->holds) {
        return false;
    }
    it->holds = value;
    return true;
}

/* Bits of the keys that are down, row by row. */
static uint16_t scan_keypad(void)
{
    uint16_t down = 0;
    for (unsigned column = 0; column < KEYPAD_COLUMNS; column++) {
        pin_output(PIN_FIRST_COLUMN + column, false);
        for (volatile unsigned settle = 0; settle < 40u; settle++) { /* over 1 us */
        }
        for (unsigned row = 0; row < KEYPAD_ROWS; row++) {
            if (!pin_is_high(PIN_FIRST_ROW + row)) {
                down = (uint16_t)(down | 1u << (row * KEYPAD_COLUMNS + column));
            }
        }
        pin_input(PIN_FIRST_COLUMN + column);
    }
    return down;
}

static uint16_t scan_switches(void)
{
    uint16_t set = 0;
    for (unsigned i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (pin_is_high(switches[i].pin) != switches[i].closed_is_set) {
            set |= switches[i].bit;
        }
    }
    return set;
}

/* A key counts when it goes down alone: with two down the matrix shows keys that nobody presses. */
static void take_keys(uint16_t before, uint16_t down)
{
    if (before != 0 || (down & (down - 1u)) != 0) {
        return;
    }
    for (unsigned key = 0; key < KEYS; key++) {
        if ((down >> key & 1u) != 0 && (uint8_t)(in - out) < WAITING) {
            waiting[in % WAITING] = legends[key];
            in++;
        }
    }
}

void panel_interrupt(void)
{
    uint16_t before = keys.holds;
    if (settles(&keys, scan_keypad())) {
        take_keys(before, keys.holds);
    }
    if (settles(&inputs, scan_switches())) {
        inputs_now = inputs.holds;
    }
    if (beeps > 0) {
        beeps--;
        pin_drive(PIN_BUZZER, beeps > 0);
    }
    if (lit > 0 && --lit == 0) {
        pin_drive(PIN_GREEN, false);
        pin_drive(PIN_RED, false);
    }
}

void panel_start(void)
{
    pin_output(PIN_BOLT, false);
    pin_output(PIN_GREEN, false);
    pin_output(PIN_RED, false);
    pin_output(PIN_BUZZER, false);
    for (unsigned row = 0; row < KEYPAD_ROWS; row++) {
        pin_input(PIN_FIRST_ROW + row);
    }
    for (unsigned column = 0; column < KEYPAD_COLUMNS; column++) {
        pin_input(PIN_FIRST_COLUMN + column);
    }
    for (unsigned i = 0; i < sizeof switches / sizeof *switches; i++) {
        pin_input(switches[i].pin);
    }
    inputs.holds = inputs.seen = scan_switches();
    inputs_now = inputs.holds;
    REGISTER(SYSTICK_RELOAD) = CLOCK_HZ / SCAN_HZ - 1u;
    REGISTER(SYSTICK_VALUE) = 0;
    REGISTER(SYSTICK_CONTROL) = 7u; /* on, with its interrupt, by the processor's clock */
}

bool panel_has_news(void)
{
    return in != out || inputs_now != inputs_told;
}

char panel_key(void *self)
{
    char key = 0;
    (void)self;
    if (in != out) {
        key = waiting[out % WAITING];
        out++;
    }
    return key;
}

uint16_t panel_inputs(void *self)
{
    (void)self;
    inputs_told = inputs_now;
    return inputs_told;
}

void panel_bolt(void *self, bool released)
{
    (void)self;
    pin_drive(PIN_BOLT, released);
}

/* Lights of `granted`, `denied`, `key` and `busy` go out by themselves; a lockout shows until it ends. */
void panel_feedback(void *self, enum kb_feedback feedback)
{
    static const struct {
        bool green, red;
        uint8_t beep;  /* scans of 5 ms */
        uint16_t shine; /* 0: until something else is shown */
    } shown[] = {
        [KB_FEEDBACK_IDLE] = {false, false, 0, 0},
        [KB_FEEDBACK_GRANTED] = {true, false, 40, 600},
        [KB_FEEDBACK_DENIED] = {false, true, 160, 300},
        [KB_FEEDBACK_KEY] = {true, true, 8, 16},
        [KB_FEEDBACK_LOCKED_OUT] = {false, true, 240, 0},
        [KB_FEEDBACK_BUSY] = {true, true, 0, 100},
    };
    (void)self;
    if ((unsigned)feedback < sizeof shown / sizeof *shown) {
        lit = 0; /* so the interrupt leaves them alone meanwhile */
        pin_drive(PIN_GREEN, shown[feedback].green);
        pin_drive(PIN_RED, shown[feedback].red);
        pin_drive(PIN_BUZZER, shown[feedback].beep > 0);
        beeps = shown[feedback].beep;
        lit = shown[feedback].shine;
    }
}
