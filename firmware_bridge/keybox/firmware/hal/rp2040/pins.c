#include "pins.h"

#include "registers.h"

void pins_start(void)
{
    release_reset(RESET_IO_BANK0 | RESET_PADS_BANK0);
}

void pin_function(unsigned pin, unsigned function, bool pull_up)
{
    REGISTER(PAD(pin)) = PAD_INPUT | PAD_4MA | PAD_SCHMITT | (pull_up ? PAD_PULL_UP : 0u);
    REGISTER(GPIO_CTRL(pin)) = function;
}

void pin_drive(unsigned pin, bool high)
{
    REGISTER(high ? GPIO_OUT_SET : GPIO_OUT_CLEAR) = 1u << pin;
}

/* The level is set before the driver: a bolt never twitches at the start. */
void pin_output(unsigned pin, bool high)
{
    pin_drive(pin, high);
    REGISTER(GPIO_OE_SET) = 1u << pin;
    pin_function(pin, FUNCTION_SIO, false);
}

void pin_input(unsigned pin)
{
    REGISTER(GPIO_OE_CLEAR) = 1u << pin;
    pin_function(pin, FUNCTION_SIO, true);
}

bool pin_is_high(unsigned pin)
{
    return (REGISTER(GPIO_IN) >> pin & 1u) != 0;
}
