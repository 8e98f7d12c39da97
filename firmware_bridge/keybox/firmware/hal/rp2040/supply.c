#include "supply.h"

#include "board.h"
#include "registers.h"

#define ADC_ON (1u << 0)
#define ADC_SENSOR_ON (1u << 1)
#define ADC_ONCE (1u << 2)
#define ADC_READY (1u << 8)
#define SAMPLES 16u
#define FULL_SCALE 4096u

void supply_start(void)
{
    release_reset(RESET_ADC);
    REGISTER(PAD(PIN_BATTERY)) = PAD_OUTPUT_DISABLE; /* neither input nor pull: analogue */
    REGISTER(ADC_CS) = ADC_ON | ADC_SENSOR_ON;
    wait_for(ADC_CS, ADC_READY);
}

/* The sum of 16 samples: at most 65,520. */
static uint32_t sum_of(unsigned channel)
{
    uint32_t sum = 0;
    REGISTER(ADC_CS) = channel << 12 | ADC_ON | ADC_SENSOR_ON;
    for (unsigned i = 0; i < SAMPLES; i++) {
        SET_BITS(ADC_CS) = ADC_ONCE;
        wait_for(ADC_CS, ADC_READY);
        sum += REGISTER(ADC_RESULT) & 0xFFFu;
    }
    return sum;
}

uint16_t supply_battery_mv(void *self)
{
    (void)self;
    return (uint16_t)(sum_of(ADC_BATTERY) * ADC_REFERENCE_MV / (SAMPLES * FULL_SCALE) *
                      BATTERY_NUMERATOR);
}

/* 27 degrees at 0.706 V, 1.721 mV less a degree more (4.9.5); in tenths. */
int16_t supply_temperature(void *self)
{
    (void)self;
    int32_t microvolt = (int32_t)((uint64_t)sum_of(ADC_TEMPERATURE) * ADC_REFERENCE_MV * 1000u /
                                  (SAMPLES * FULL_SCALE));
    return (int16_t)(270 - (microvolt - 706000) * 10 / 1721);
}
