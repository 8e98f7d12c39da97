/* For builds without firmware transfer: every update request is answered `not supported`. */
#include "kb_mem.h"
#include "kb_update.h"

bool kb_update_init(struct kb_update *update, const struct kb_hal *hal)
{
    memset(update, 0, sizeof *update);
    update->hal = hal;
    update->running = hal->slot(hal->self);
    update->slots[update->running & 1].state = KB_SLOT_CONFIRMED;
    update->start = hal->reset_cause(hal->self);
    return true;
}

enum kb_cause kb_update_begin(struct kb_update *update, uint8_t kind,
                              const uint8_t header[KB_UPDATE_HEADER],
                              const uint8_t signature[KB_UPDATE_SIGNATURE], uint32_t *next)
{
    (void)update, (void)kind, (void)header, (void)signature, (void)next;
    return KB_CAUSE_NOT_SUPPORTED;
}

enum kb_cause kb_update_data(struct kb_update *update, uint32_t offset, const uint8_t *data,
                             size_t length, uint32_t *next)
{
    (void)update, (void)offset, (void)data, (void)length, (void)next;
    return KB_CAUSE_NOT_SUPPORTED;
}

enum kb_cause kb_update_end(struct kb_update *update)
{
    (void)update;
    return KB_CAUSE_NOT_SUPPORTED;
}

enum kb_cause kb_update_abort(struct kb_update *update)
{
    (void)update;
    return KB_CAUSE_NOT_SUPPORTED;
}

bool kb_update_on_trial(const struct kb_update *update)
{
    (void)update;
    return false;
}

bool kb_update_confirm(struct kb_update *update)
{
    (void)update;
    return true;
}

uint8_t kb_update_boot(const struct kb_hal *hal)
{
    (void)hal;
    return 0;
}
