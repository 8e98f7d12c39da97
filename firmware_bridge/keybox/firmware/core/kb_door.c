#include "kb_door.h"

#include "kb_log.h"

#define EVENT(kind) ((uint32_t)1 << (kind))

void kb_door_init(struct kb_door *door, const struct kb_hal *hal)
{
    *door = (struct kb_door){.hal = hal};
    hal->bolt(hal->self, false);
}

static void drive(struct kb_door *door, uint64_t now_ms)
{
    if (!door->is_released) {
        door->driven_ms = now_ms;
    }
    door->is_released = true;
    door->hal->bolt(door->hal->self, true);
    bool has_switch = (door->hal->inputs_fitted & KB_IN_BOLT_RETRACTED) != 0;
    bool is_back = (door->inputs & KB_IN_BOLT_RETRACTED) != 0;
    /* A bolt that has hung for its time already hangs still: no second wait. */
    bool is_late = door->is_watching == false && (door->inputs & KB_IN_JAMMED) != 0 &&
                   now_ms - door->driven_ms >= KB_JAM_MS;
    door->is_watching = has_switch && !is_back && !is_late;
    door->outcome = is_late ? KB_DOOR_JAMMED : door->is_watching ? KB_DOOR_NONE : KB_DOOR_DONE;
}

static void forgive_until(struct kb_door *door, uint64_t until_ms)
{
    if (!door->has_forgiven || until_ms > door->forgive_ms) {
        door->forgive_ms = until_ms;
    }
    door->has_forgiven = true;
}

void kb_door_release(struct kb_door *door, uint64_t now_ms, uint32_t pulse_ms)
{
    if (!door->is_released || now_ms + pulse_ms > door->until_ms) {
        door->until_ms = now_ms + pulse_ms;
    }
    drive(door, now_ms);
    forgive_until(door, door->until_ms + KB_JAM_MS);
}

void kb_door_hold(struct kb_door *door, uint64_t now_ms)
{
    door->is_held = true;
    drive(door, now_ms);
}

void kb_door_secure(struct kb_door *door, uint64_t now_ms)
{
    if (door->is_released) {
        /* Whoever stands in the doorway is no burglar. */
        forgive_until(door, now_ms + KB_JAM_MS);
    }
    door->is_held = false;
    door->is_released = false;
    door->is_watching = false;
    door->outcome = KB_DOOR_DONE;
    door->hal->bolt(door->hal->self, false);
}

uint16_t kb_door_outputs(const struct kb_door *door)
{
    return door->is_held ? KB_OUT_HELD : door->is_released ? KB_OUT_RELEASED : 0;
}

static uint32_t watch_bolt(struct kb_door *door, uint64_t now_ms, uint16_t *inputs)
{
    uint16_t jam = door->inputs & KB_IN_JAMMED;
    uint32_t events = 0;
    if ((*inputs & KB_IN_BOLT_RETRACTED) != 0) {
        if (door->is_watching) {
            door->outcome = KB_DOOR_DONE;
        }
        door->is_watching = false;
        events = jam != 0 ? EVENT(KB_LOG_JAM_CLEARED) : 0;
        jam = 0;
    } else if (door->is_watching && now_ms - door->driven_ms >= KB_JAM_MS) {
        door->is_watching = false;
        door->outcome = KB_DOOR_JAMMED;
        events = jam == 0 ? EVENT(KB_LOG_JAMMED) : 0;
        jam = KB_IN_JAMMED;
    }
    *inputs = (uint16_t)(*inputs | jam);
    return events;
}

static uint32_t watch_leaf(struct kb_door *door, uint64_t now_ms, uint16_t rose, uint16_t fell)
{
    uint32_t events = 0;
    if ((rose & KB_IN_LEAF_OPEN) != 0) {
        bool is_expected = door->is_released || (door->inputs & KB_IN_MECHANICAL_KEY) != 0 ||
                           (door->has_forgiven && now_ms <= door->forgive_ms);
        events |= EVENT(KB_LOG_OPENED) | (is_expected ? 0 : EVENT(KB_LOG_FORCED));
        door->opened_ms = now_ms;
        door->told_held = false;
    }
    if ((fell & KB_IN_LEAF_OPEN) != 0) {
        events |= EVENT(KB_LOG_CLOSED);
    }
    bool is_open = (door->inputs & KB_IN_LEAF_OPEN) != 0;
    if (is_open && !door->is_held && !door->told_held && now_ms - door->opened_ms >= KB_HELD_MS) {
        door->told_held = true;
        events |= EVENT(KB_LOG_HELD);
    }
    return events;
}

static uint32_t watch_rest(uint16_t rose, uint16_t fell)
{
    static const struct {
        uint16_t input;
        uint8_t rose;
        uint8_t fell;
    } RECORDS[] = {
        {KB_IN_KEY_ABSENT, KB_LOG_KEY_TAKEN, KB_LOG_KEY_RETURNED},
        {KB_IN_TAMPER, KB_LOG_TAMPER, KB_LOG_TAMPER_CLEARED},
        {KB_IN_MECHANICAL_KEY, KB_LOG_MECHANICAL_KEY, 0},
        {KB_IN_REX, KB_LOG_REX, 0},
    };
    uint32_t events = 0;
    for (size_t i = 0; i < sizeof RECORDS / sizeof RECORDS[0]; i++) {
        events |= (rose & RECORDS[i].input) != 0 ? EVENT(RECORDS[i].rose) : 0;
        events |= (fell & RECORDS[i].input) != 0 && RECORDS[i].fell != 0 ? EVENT(RECORDS[i].fell) : 0;
    }
    return events;
}

uint32_t kb_door_poll(struct kb_door *door, uint64_t now_ms, uint16_t inputs)
{
    inputs = (uint16_t)(inputs & ~(unsigned)KB_IN_JAMMED);
    if (door->is_released && !door->is_held && now_ms >= door->until_ms) {
        door->is_released = false;
        door->hal->bolt(door->hal->self, false);
        door->outcome = door->is_watching ? KB_DOOR_JAMMED : door->outcome;
        door->is_watching = false;
    }
    uint32_t events = watch_bolt(door, now_ms, &inputs);
    if (!door->has_inputs) {
        /* What stood open at the start was not opened now: known, not logged. */
        door->has_inputs = true;
        door->opened_ms = now_ms;
        door->inputs = inputs;
        return events;
    }
    uint16_t rose = (uint16_t)(inputs & ~(unsigned)door->inputs);
    uint16_t fell = (uint16_t)(door->inputs & ~(unsigned)inputs);
    door->inputs = inputs;
    if ((rose & KB_IN_REX) != 0) {
        /* The way out is never refused: from inside the bolt yields without asking anybody. */
        kb_door_release(door, now_ms, KB_UNLOCK_MS);
    }
    return events | watch_leaf(door, now_ms, rose, fell) | watch_rest(rose, fell);
}

static uint64_t sooner(uint64_t due_ms, uint64_t now_ms, uint64_t at_ms)
{
    uint64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    return left_ms < due_ms ? left_ms : due_ms;
}

uint64_t kb_door_due_ms(const struct kb_door *door, uint64_t now_ms, uint64_t most)
{
    if (door->is_released && !door->is_held) {
        most = sooner(most, now_ms, door->until_ms);
    }
    if (door->is_watching) {
        most = sooner(most, now_ms, door->driven_ms + KB_JAM_MS);
    }
    if ((door->inputs & KB_IN_LEAF_OPEN) != 0 && !door->is_held && !door->told_held) {
        most = sooner(most, now_ms, door->opened_ms + KB_HELD_MS);
    }
    return most;
}
