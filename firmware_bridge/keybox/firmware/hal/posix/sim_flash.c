/* NOR flash in a file that is mapped, so that what was written stands when the process dies. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim.h"

#define MAGIC "KBSIM\0\0\1"
#define DIED 70 /* exit status of a power loss asked for */
#define BROKEN 71 /* the core breaks the rules of flash: a bug */

static size_t place(enum kb_area area)
{
    size_t at = 0;
    for (int each = 0; each < (int)area; each++) {
        at += kb_area_size((enum kb_area)each);
    }
    return at;
}

static uint8_t *at(struct sim *sim, enum kb_area area, uint32_t offset, uint32_t length)
{
    if (area >= KB_AREAS || offset > kb_area_size(area) || length > kb_area_size(area) - offset) {
        fprintf(stderr, "area %d: %u bytes at %u lie outside\n", (int)area, length, offset);
        exit(BROKEN);
    }
    return sim->flash + place(area) + offset;
}

bool sim_flash_open(struct sim *sim, const char *path)
{
    struct stat about;
    size_t size = KB_SECTOR + place(KB_AREAS);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    bool is_new = fd >= 0 && fstat(fd, &about) == 0 && about.st_size == 0;
    if (fd < 0 || (is_new && ftruncate(fd, (off_t)size) != 0)) {
        perror(path);
        return false;
    }
    /* Held until the end of the process: two boxes on one flash would wreck it. */
    if (lockf(fd, F_TLOCK, 0) != 0) {
        fprintf(stderr, "%s: another simulator runs on it\n", path);
        return false;
    }
    if (fstat(fd, &about) != 0 || (size_t)about.st_size != size) {
        fprintf(stderr, "%s: not a state file of this simulator\n", path);
        return false;
    }
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        perror(path);
        return false;
    }
    sim->kept = map;
    sim->flash = (uint8_t *)map + KB_SECTOR;
    if (is_new) {
        memcpy(sim->kept->magic, MAGIC, sizeof sim->kept->magic);
        memset(sim->flash, 0xFF, size - KB_SECTOR);
    }
    if (memcmp(sim->kept->magic, MAGIC, sizeof sim->kept->magic) != 0) {
        fprintf(stderr, "%s: not a state file of this simulator\n", path);
        return false;
    }
    return true;
}

bool sim_nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length)
{
    memcpy(data, at(self, area, offset, length), length);
    return true;
}

/* Numbers that follow from which write is torn: a failure is found again. */
static uint32_t next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static bool is_broken(const struct sim *sim, enum kb_area area)
{
    return sim->is_storage_broken || (sim->is_log_broken && area == KB_AREA_LOG);
}

static uint64_t first_number(const struct sim *sim)
{
    return sim->writes ^ sim->torn_seed * 0x9E3779B97F4A7C15u;
}

/* Whether this write is the one within which the power goes. */
static bool is_torn(struct sim *sim)
{
    sim->writes++;
    return sim->die_after != 0 && sim->writes == sim->die_after;
}

bool sim_nv_erase(void *self, enum kb_area area, uint32_t offset)
{
    struct sim *sim = self;
    uint8_t *sector = at(sim, area, offset, KB_SECTOR);
    if (offset % KB_SECTOR != 0) {
        fprintf(stderr, "area %d: %u is no sector\n", (int)area, offset);
        exit(BROKEN);
    }
    if (is_broken(sim, area)) {
        return false;
    }
    if (is_torn(sim)) {
        uint64_t seed = first_number(sim);
        for (size_t i = 0; i < KB_SECTOR; i++) {
            /* Bits that have risen already, others that have not. */
            sector[i] = (uint8_t)(sector[i] | next_number(&seed));
        }
        _exit(DIED);
    }
    memset(sector, 0xFF, KB_SECTOR);
    return true;
}

bool sim_nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                    uint32_t length)
{
    struct sim *sim = self;
    uint8_t *old = at(sim, area, offset, length);
    const uint8_t *bytes = data;
    if (is_broken(sim, area)) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        if ((old[i] & bytes[i]) != bytes[i]) {
            fprintf(stderr, "area %d: byte %u would need an erasure\n", (int)area, offset + i);
            exit(BROKEN);
        }
    }
    if (is_torn(sim)) {
        uint64_t seed = first_number(sim);
        uint32_t whole = next_number(&seed) % (length + 1);
        memcpy(old, bytes, whole);
        if (whole < length) {
            old[whole] = (uint8_t)(old[whole] & (bytes[whole] | next_number(&seed)));
        }
        _exit(DIED);
    }
    memcpy(old, bytes, length);
    return true;
}
