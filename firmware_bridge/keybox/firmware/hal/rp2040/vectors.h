/* The processor's vector table: 16 exceptions, 26 interrupts (RP2040 datasheet, 2.3.2). */
#ifndef RP2040_VECTORS_H
#define RP2040_VECTORS_H

#include <stdint.h>

#define INTERRUPTS 26u

typedef void handler(void);

struct vectors {
    uint32_t *stack_top;
    handler *reset, *non_maskable, *hard_fault;
    handler *reserved_4[7];
    handler *supervisor_call;
    handler *reserved_12[2];
    handler *pend_supervisor, *systick;
    handler *interrupts[INTERRUPTS];
};

#endif
