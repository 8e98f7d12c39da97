#include "kb_budget.h"

#define LOCKOUT_S 300u
#define DAY_S 86400u
#define SAVE_S 60u

void kb_budget_init(struct kb_budget *budget)
{
    *budget = (struct kb_budget){.tries_left = KB_TRIES};
}

uint32_t kb_budget_spend(struct kb_budget *budget)
{
    budget->calm_s = 0;
    if (budget->tries_left > 1) {
        budget->tries_left--;
        return 0;
    }
    uint32_t length_s = LOCKOUT_S << budget->level;
    budget->tries_left = 0;
    budget->lockout_s = length_s < DAY_S ? length_s : DAY_S;
    if (budget->level < KB_LEVEL_MAX) {
        budget->level++;
    }
    return budget->lockout_s;
}

static bool serve(struct kb_budget *budget, uint32_t seconds)
{
    uint32_t before = budget->lockout_s;
    budget->lockout_s -= seconds;
    if (budget->lockout_s == 0) {
        budget->tries_left = KB_TRIES;
        return true;
    }
    return (before - 1) / SAVE_S != (budget->lockout_s - 1) / SAVE_S;
}

bool kb_budget_run(struct kb_budget *budget, uint32_t seconds)
{
    bool changed = false;
    if (budget->lockout_s > 0 && seconds > 0) {
        uint32_t served = seconds < budget->lockout_s ? seconds : budget->lockout_s;
        changed = serve(budget, served);
        seconds -= served;
    }
    if (budget->level == 0 && budget->tries_left == KB_TRIES) {
        return changed; /* nothing to forgive */
    }
    if (budget->lockout_s > 0) {
        return changed;
    }
    budget->calm_s += seconds;
    while (budget->calm_s >= DAY_S) {
        budget->calm_s -= DAY_S;
        budget->tries_left = KB_TRIES;
        budget->level = (uint8_t)(budget->level > 0 ? budget->level - 1 : 0);
        changed = true;
    }
    return changed;
}
