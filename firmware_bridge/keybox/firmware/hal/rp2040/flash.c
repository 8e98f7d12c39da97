#include "flash.h"

#include "kb_mem.h"
#include "layout.h"
#include "registers.h"

#define PAGE 256u
#define ERASE_SECTOR 0x20u /* the command of every common part for 4 KiB */
#define IN_RAM __attribute__((noinline, section(".in_ram")))
#define ROM_CODE(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)

/* Boot ROM (2.8.3): 16-bit pointers to its table of functions and to the search in it. */
#define ROM_TABLE 0x14u
#define ROM_SEARCH 0x18u

typedef void rom_void(void);
typedef void rom_erase(uint32_t offset, uint32_t length, uint32_t block, uint8_t command);
typedef void rom_program(uint32_t offset, const uint8_t *data, uint32_t length);
typedef void *rom_search(const uint16_t *table, uint32_t code);

static struct {
    rom_void *connect, *leave_xip, *flush, *enter_xip;
    rom_erase *erase;
    rom_program *program;
} rom;

/* Addresses this low are what the compiler takes for null pointers gone astray; by way of a volatile
 * it knows nothing of them. */
static uintptr_t rom_half_word(uint32_t address)
{
    volatile uintptr_t place = address;
    return *(const volatile uint16_t *)place;
}

static void *rom_function(char a, char b)
{
    /* C99 knows no cast from a data to a function pointer, so both are read as an integer. */
    union {
        uintptr_t address;
        rom_search *call;
    } search = {rom_half_word(ROM_SEARCH)};
    return search.call((const uint16_t *)rom_half_word(ROM_TABLE), ROM_CODE(a, b));
}

#define ROM_FUNCTION(member, a, b)         \
    do {                                   \
        void *found = rom_function(a, b);  \
        memcpy(&rom.member, &found, sizeof found); \
    } while (0)

void flash_start(void)
{
    ROM_FUNCTION(connect, 'I', 'F');
    ROM_FUNCTION(leave_xip, 'E', 'X');
    ROM_FUNCTION(erase, 'R', 'E');
    ROM_FUNCTION(program, 'R', 'P');
    ROM_FUNCTION(flush, 'F', 'C');
    ROM_FUNCTION(enter_xip, 'C', 'X');
}

static uint32_t offset_of(enum kb_area area)
{
    static const uint32_t offsets[KB_AREAS] = {
        [KB_AREA_STATE] = STATE_OFFSET,   [KB_AREA_BOOT] = BOOT_OFFSET,
        [KB_AREA_LOG] = LOG_OFFSET,       [KB_AREA_LIST_0] = LIST_0_OFFSET,
        [KB_AREA_LIST_1] = LIST_1_OFFSET, [KB_AREA_SLOT_0] = SLOT_0_OFFSET,
        [KB_AREA_SLOT_1] = SLOT_1_OFFSET,
    };
    return offsets[area];
}

static bool lies_within(enum kb_area area, uint32_t offset, uint32_t length)
{
    uint32_t size = kb_area_size(area);
    return length <= size && offset <= size - length;
}

static const uint8_t *address_of(enum kb_area area, uint32_t offset)
{
    return (const uint8_t *)(uintptr_t)(XIP_BASE + offset_of(area) + offset);
}

/* After either of them the ROM's slow plain read serves: nothing is fetched from flash any more but
 * by the loader, once. */
static void IN_RAM erase_sector(uint32_t place)
{
    rom.connect();
    rom.leave_xip();
    rom.erase(place, KB_SECTOR, KB_SECTOR, ERASE_SECTOR);
    rom.flush();
    rom.enter_xip();
}

static void IN_RAM program_page(uint32_t place, const uint8_t *page)
{
    rom.connect();
    rom.leave_xip();
    rom.program(place, page, PAGE);
    rom.flush();
    rom.enter_xip();
}

bool flash_nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length)
{
    (void)self;
    if (!lies_within(area, offset, length)) {
        return false;
    }
    memcpy(data, address_of(area, offset), length);
    return true;
}

bool flash_nv_erase(void *self, enum kb_area area, uint32_t offset)
{
    (void)self;
    if (offset % KB_SECTOR != 0 || !lies_within(area, offset, KB_SECTOR)) {
        return false;
    }
    erase_sector(offset_of(area) + offset);
    return kb_all(address_of(area, offset), KB_SECTOR, 0xFF);
}

/* Whether every bit that should be 0 is. Bits that were 0 before stay so, whatever was asked. */
static bool was_cleared(const uint8_t *found, const uint8_t *wanted, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if ((found[i] & ~wanted[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool flash_nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                      uint32_t length)
{
    uint8_t page[PAGE]; /* from RAM, whatever `data` points at */
    const uint8_t *bytes = data;
    (void)self;
    if (!lies_within(area, offset, length)) {
        return false;
    }
    while (length > 0) {
        uint32_t within = offset % PAGE;
        uint32_t part = length < PAGE - within ? length : PAGE - within;
        memset(page, 0xFF, sizeof page); /* programming ones changes nothing */
        memcpy(page + within, bytes, part);
        program_page(offset_of(area) + offset - within, page);
        if (!was_cleared(address_of(area, offset), bytes, part)) {
            return false;
        }
        offset += part;
        bytes += part;
        length -= part;
    }
    return true;
}
