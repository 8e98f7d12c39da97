/* How many wrong entries a box bears, kept over power loss.
 *
 * Five tries; with the fifth a lockout of 5 min * 2^level (at most a day) begins, and the level
 * rises. A success restores nothing. A day of running time without a wrong try lowers the level by
 * one and restores the tries. What is left of a lockout is counted on running time and saved at its
 * start and every minute: pulling the battery never shortens it.
 */
#ifndef KB_BUDGET_H
#define KB_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define KB_TRIES 5u
#define KB_LEVEL_MAX 9u

/* All of it is persistent. */
struct kb_budget {
    uint8_t tries_left;
    uint8_t level;
    uint32_t lockout_s; /* what is left of the lockout, 0: none */
    uint32_t calm_s;    /* running time without a wrong try and without lockout */
};

void kb_budget_init(struct kb_budget *budget);
/* Spends a try; gives the seconds of the lockout that begins with it, 0 for none. */
uint32_t kb_budget_spend(struct kb_budget *budget);
/* `seconds` of running time have passed; whether that must be saved now. */
bool kb_budget_run(struct kb_budget *budget, uint32_t seconds);

#endif
