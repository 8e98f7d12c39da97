/* The storage: any bytes in it at the start, and records with any content and a right check, which
 * the device takes for its own. It must neither crash nor open.
 *
 *   input: how 1 | kind and profile 1 | then, by `how`:
 *     0 state record   1 update record   2 log   3 list   4 slot   5 within a valid state record
 *     6 state area     7 update area
 */
#include "board.h"
#include "events.h"
#include "kb_mem.h"

static void never(void)
{
    board_fail("a device that nobody operates stays shut", __FILE__, __LINE__);
}

static void place_raw(enum kb_area area, const uint8_t *data, size_t size)
{
    uint32_t room = kb_area_size(area);
    uint32_t offset = 0;
    if (size > 2) {
        offset = (uint32_t)kb_get16(data) * 16u % room;
        data += 2;
        size -= 2;
    }
    size = size < room - offset ? size : room - offset;
    memcpy(board_area(area) + offset, data, size);
}

static void place_record(enum kb_area area, const uint8_t *data, size_t size, bool within)
{
    uint8_t record[KB_STORE_MAX];
    struct kb_store store;
    size_t length = 0;
    board.slot = 2;
    MUST(kb_store_open(&store, &board.hal, area, record, sizeof record, &length));
    if (within && size > 1) {
        size_t offset = length > 0 ? data[0] * 4u % length : 0;
        data++;
        size--;
        size = size < length - offset ? size : length - offset;
        memcpy(record + offset, data, size);
        size = length;
    } else {
        size = size < sizeof record ? size : sizeof record;
        memcpy(record, data, size);
    }
    MUST(kb_store_save(&store, record, size));
}

static void place(unsigned how, const uint8_t *data, size_t size)
{
    switch (how) {
    case 0: place_record(KB_AREA_STATE, data, size, false); break;
    case 1: place_record(KB_AREA_BOOT, data, size, false); break;
    case 2: place_raw(KB_AREA_LOG, data, size); break;
    case 3: place_raw(KB_AREA_LIST_0, data, size); break;
    case 4: place_raw(KB_AREA_SLOT_1, data, size); break;
    case 5: place_record(KB_AREA_STATE, data, size, true); break;
    case 6: place_raw(KB_AREA_STATE, data, size); break;
    default: place_raw(KB_AREA_BOOT, data, size); break;
    }
}

/* Starts as a board would; gives false where the boot loader finds nothing that it may start. */
static bool start(void)
{
    board.start_ms = board.true_ms;
    board.slot = 2;
    board.slot = kb_update_boot(&board.hal);
    if (board.slot > 1) {
        return false;
    }
    kb_box_init(&board.box, &board.hal);
    return true;
}

void storage_run(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return;
    }
    board.judge = never;
    board_begin((data[1] & 1u) != 0 ? KB_KIND_LOCK : KB_KIND_KEY_BOX,
                (uint8_t)(1u + (data[1] >> 1) % KB_PROFILE_COUNT), (data[1] & 0x80u) != 0);
    place(data[0] % 8u, data + 2, size - 2u);
    for (unsigned starts = 0; starts < 2u && start(); starts++) {
        for (const char *keys = "12345#*00#"; *keys != 0; keys++) { /* too short for any code */
            board.key = *keys;
            (void)kb_box_poll(&board.box);
        }
        for (unsigned polls = 0; polls < 6u; polls++) {
            board.true_ms += kb_box_poll(&board.box) + 1u;
        }
        MUST(!board.is_released);
    }
}
