#include "kb_log.h"

#include "kb_crc.h"
#include "kb_mem.h"

#define MAGIC 0x4B424C47u /* "KBLG" */
#define HEAD 16u

static uint32_t sector_of(uint32_t index)
{
    return index / KB_LOG_PER_SECTOR % KB_LOG_SECTORS;
}

static uint32_t place_of(uint32_t index)
{
    return sector_of(index) * KB_SECTOR + HEAD + index % KB_LOG_PER_SECTOR * KB_RECORD;
}

static bool read_at(const struct kb_log *log, uint32_t offset, void *data, uint32_t length)
{
    return log->hal->nv_read(log->hal->self, KB_AREA_LOG, offset, data, length);
}

static bool read_head(struct kb_log *log, uint32_t sector)
{
    uint8_t head[HEAD];
    log->has_sector[sector] = false;
    if (!read_at(log, sector * KB_SECTOR, head, HEAD) || kb_get32(head) != MAGIC ||
        kb_get32(head + 4) != log->epoch || kb_crc16(head, HEAD - 2) != kb_get16(head + HEAD - 2)) {
        return false;
    }
    uint32_t first = kb_get32(head + 8);
    if (first % KB_LOG_PER_SECTOR != 0 || sector_of(first) != sector) {
        return false;
    }
    log->first[sector] = first;
    log->has_sector[sector] = true;
    return true;
}

/* The index after the last place that was written to in a sector, torn ones included. */
static uint32_t end_of(const struct kb_log *log, uint32_t sector)
{
    uint8_t record[KB_RECORD];
    uint32_t index = log->first[sector] + KB_LOG_PER_SECTOR;
    while (index > log->first[sector]) {
        if (!read_at(log, place_of(index - 1), record, KB_RECORD) ||
            !kb_all(record, KB_RECORD, 0xFF)) {
            break;
        }
        index--;
    }
    return index;
}

bool kb_log_open(struct kb_log *log, const struct kb_hal *hal, uint32_t epoch, uint32_t floor)
{
    uint32_t newest = KB_LOG_SECTORS;
    log->hal = hal;
    log->epoch = epoch;
    log->next = 0;
    for (uint32_t sector = 0; sector < KB_LOG_SECTORS; sector++) {
        if (read_head(log, sector) &&
            (newest == KB_LOG_SECTORS || log->first[sector] > log->first[newest])) {
            newest = sector;
        }
    }
    if (newest == KB_LOG_SECTORS) {
        return false;
    }
    log->next = end_of(log, newest);
    return log->next >= floor;
}

bool kb_log_reset(struct kb_log *log, uint32_t epoch)
{
    bool done = true;
    log->epoch = epoch;
    log->next = 0;
    for (uint32_t sector = 0; sector < KB_LOG_SECTORS; sector++) {
        log->has_sector[sector] = false;
        done = log->hal->nv_erase(log->hal->self, KB_AREA_LOG, sector * KB_SECTOR) && done;
    }
    return done;
}

static bool begin_sector(struct kb_log *log, uint32_t sector)
{
    uint8_t head[HEAD] = {0};
    log->has_sector[sector] = false;
    (void)kb_put32(kb_put32(kb_put32(head, MAGIC), log->epoch), log->next);
    (void)kb_put16(head + HEAD - 2, kb_crc16(head, HEAD - 2));
    if (!log->hal->nv_erase(log->hal->self, KB_AREA_LOG, sector * KB_SECTOR) ||
        !log->hal->nv_program(log->hal->self, KB_AREA_LOG, sector * KB_SECTOR, head, HEAD)) {
        return false;
    }
    log->first[sector] = log->next;
    log->has_sector[sector] = true;
    return true;
}

bool kb_log_append(struct kb_log *log, const struct kb_record *record)
{
    uint8_t bytes[KB_RECORD];
    uint32_t sector = sector_of(log->next);
    bool is_begun = log->has_sector[sector] &&
                    log->first[sector] == log->next - log->next % KB_LOG_PER_SECTOR;
    if (!is_begun && (log->next % KB_LOG_PER_SECTOR != 0 || !begin_sector(log, sector))) {
        return false;
    }
    uint8_t *at = kb_put32(kb_put32(bytes, log->next), record->time_s);
    at = kb_put16(kb_put16(at, record->error_s), record->boot);
    *at++ = record->kind;
    *at++ = record->reason;
    memcpy(at, record->data, sizeof record->data);
    (void)kb_put16(bytes + KB_RECORD - 2, kb_crc16(bytes, KB_RECORD - 2));
    uint32_t index = log->next++;
    uint8_t written[KB_RECORD];
    return log->hal->nv_program(log->hal->self, KB_AREA_LOG, place_of(index), bytes, KB_RECORD) &&
           kb_log_read(log, index, written) && kb_same(bytes, written, KB_RECORD);
}

uint32_t kb_log_oldest(const struct kb_log *log)
{
    uint32_t oldest = log->next;
    for (uint32_t sector = 0; sector < KB_LOG_SECTORS; sector++) {
        if (log->has_sector[sector] && log->first[sector] < oldest) {
            oldest = log->first[sector];
        }
    }
    return oldest;
}

bool kb_log_read(const struct kb_log *log, uint32_t index, uint8_t record[KB_RECORD])
{
    uint32_t sector = sector_of(index);
    if (index >= log->next || !log->has_sector[sector] ||
        log->first[sector] != index - index % KB_LOG_PER_SECTOR ||
        !read_at(log, place_of(index), record, KB_RECORD)) {
        return false;
    }
    return kb_get32(record) == index &&
           kb_crc16(record, KB_RECORD - 2) == kb_get16(record + KB_RECORD - 2);
}

bool kb_log_wipe(struct kb_log *log, uint32_t end)
{
    static const uint8_t ZEROS[KB_RECORD] = {0};
    uint8_t record[KB_RECORD];
    bool done = true;
    for (uint32_t index = kb_log_oldest(log); index < end && index < log->next; index++) {
        if (kb_log_read(log, index, record)) {
            done = log->hal->nv_program(log->hal->self, KB_AREA_LOG, place_of(index), ZEROS,
                                        KB_RECORD) && done;
        }
    }
    return done;
}
