#include "kb_list.h"

#include "kb_mem.h"

static enum kb_area area_of(uint8_t number)
{
    return number == 0 ? KB_AREA_LIST_0 : KB_AREA_LIST_1;
}

/* Adds SHA-256 over an entry to `sum`, modulo 2^256: an order of entries plays no part. */
static void add_entry(uint8_t sum[32], const uint8_t entry[KB_LIST_ENTRY])
{
    uint8_t digest[KB_SHA256_SIZE];
    unsigned carry = 0;
    kb_sha256(entry, KB_LIST_ENTRY, digest);
    for (size_t i = 32; i-- > 0;) {
        carry += (unsigned)sum[i] + digest[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Whether the storage holds a list of that count and digest. */
static bool holds(const struct kb_hal *hal, uint8_t number, uint16_t count,
                  const uint8_t digest[32])
{
    uint8_t entry[KB_LIST_ENTRY];
    uint8_t sum[32] = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (!hal->nv_read(hal->self, area_of(number), i * KB_LIST_ENTRY, entry, KB_LIST_ENTRY)) {
            return false;
        }
        add_entry(sum, entry);
    }
    return kb_same(sum, digest, sizeof sum);
}

void kb_list_init(struct kb_list *list, const struct kb_hal *hal, const struct kb_state *state)
{
    *list = (struct kb_list){.hal = hal};
    list->is_sound = state->list_count <= KB_LIST_MAX &&
                     holds(hal, state->list_area, state->list_count, state->list_digest);
}

enum kb_cause kb_list_begin(struct kb_list *list, const struct kb_state *state, uint16_t count,
                            const uint8_t digest[32])
{
    uint32_t size = (uint32_t)count * KB_LIST_ENTRY;
    list->is_writing = false;
    if (count > KB_LIST_MAX) {
        return KB_CAUSE_STORAGE;
    }
    for (uint32_t offset = 0; offset < size; offset += KB_SECTOR) {
        if (!list->hal->nv_erase(list->hal->self, area_of(state->list_area ^ 1u), offset)) {
            return KB_CAUSE_STORAGE;
        }
    }
    list->is_writing = true;
    list->expected = count;
    list->received = 0;
    memcpy(list->digest, digest, sizeof list->digest);
    return KB_OK;
}

enum kb_cause kb_list_data(struct kb_list *list, const struct kb_state *state,
                           const uint8_t *entries, size_t length)
{
    size_t count = length / KB_LIST_ENTRY;
    if (!list->is_writing || list->received + count > list->expected) {
        return KB_CAUSE_BAD_VALUE;
    }
    if (!list->hal->nv_program(list->hal->self, area_of(state->list_area ^ 1u),
                               list->received * KB_LIST_ENTRY, entries, (uint32_t)length)) {
        list->is_writing = false;
        return KB_CAUSE_STORAGE;
    }
    list->received = (uint16_t)(list->received + count);
    return KB_OK;
}

enum kb_cause kb_list_end(struct kb_list *list, struct kb_state *state)
{
    bool is_complete = list->is_writing && list->received == list->expected;
    uint8_t other = (uint8_t)(state->list_area ^ 1u);
    list->is_writing = false;
    /* What the flash holds is checked, not what went by. */
    if (!is_complete || !holds(list->hal, other, list->expected, list->digest)) {
        return KB_CAUSE_BAD_VALUE;
    }
    state->list_area = other;
    state->list_count = list->expected;
    memcpy(state->list_digest, list->digest, sizeof state->list_digest);
    list->is_sound = true;
    return KB_OK;
}

/* One PIN may stand for several windows: the kindest verdict counts. */
static bool is_kinder(enum kb_verdict one, enum kb_verdict other)
{
    static const enum kb_verdict ORDER[] = {KB_VALID, KB_EARLY, KB_NOT_YET, KB_EXPIRED};
    for (size_t i = 0; i < sizeof ORDER / sizeof ORDER[0]; i++) {
        if (ORDER[i] == one || ORDER[i] == other) {
            return ORDER[i] == one && one != other;
        }
    }
    return false;
}

void kb_list_find(const struct kb_list *list, const struct kb_state *state,
                  const uint8_t digest[KB_TAG_SIZE], struct kb_interval clock,
                  struct kb_list_match *match)
{
    uint8_t entry[KB_LIST_ENTRY];
    match->verdict = KB_NOT_A_CODE;
    for (uint32_t i = 0; list->is_sound && i < state->list_count; i++) {
        if (!list->hal->nv_read(list->hal->self, area_of(state->list_area), i * KB_LIST_ENTRY,
                                entry, KB_LIST_ENTRY)) {
            continue;
        }
        bool is_match = kb_same(entry, digest, KB_TAG_SIZE);
        enum kb_verdict verdict =
            kb_window_judge(kb_get32(entry + 16), kb_get32(entry + 20), clock);
        if (is_match && is_kinder(verdict, match->verdict)) {
            match->verdict = verdict;
            memcpy(match->reference, entry, KB_LIST_REFERENCE);
        }
    }
}
