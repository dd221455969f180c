/*
 * Storage that is slow on first touch, for a PostgreSQL server: an LD_PRELOAD library.
 *
 * A volume restored from a snapshot loads each block when it is first read (Amazon RDS User Guide,
 * "Restoring to a DB instance"; Amazon EBS User Guide, "Initialize Amazon EBS volumes"). How long
 * that takes and how much is loaded at once AWS doesn't say: FIRST_TOUCH_MS and
 * FIRST_TOUCH_CHUNK_KIB are assumptions.
 *
 * The first read of a chunk of a relation's file waits, and so does whoever reads the chunk meanwhile.
 * Files below a chunk share one, as on a volume: sixteen neighbours by their inodes, of 25 KB on
 * average in a fresh catalogue.
 * Which chunks were touched is in FIRST_TOUCH_STATE, a file that all processes of the server share;
 * zeros in it are storage that nobody has touched. Reading ahead is not known here: posix_fadvise
 * loads nothing. Any number of chunks load at the same time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 65536
/* A power of two; at 512 KiB a chunk enough for 256 GiB when half full. */
#define SLOTS (1u << 20)

struct slot {
    _Atomic uint64_t chunk;    /* 0: free */
    _Atomic uint64_t ready_ns; /* on the monotonic clock, which processes share */
};

static struct slot *slots;
static uint64_t wait_ns = 20 * 1000000ull;
static uint64_t chunk_bytes = 512 * 1024ull;
/* What each open relation file's chunks are known by; 0 for everything else. */
static uint64_t relation[FDS_MAX];
/* Two to the power of. */
#define NEIGHBOURS 4
#define SMALL (1ull << 35)

static int (*next_open)(const char *, int, ...);
static ssize_t (*next_pread)(int, void *, size_t, off_t);
static ssize_t (*next_preadv)(int, const struct iovec *, int, off_t);

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Other libraries open files before it is our turn to begin. */
static void find_next(void)
{
    if (next_open)
        return;
    next_pread = dlsym(RTLD_NEXT, "pread");
    next_preadv = dlsym(RTLD_NEXT, "preadv");
    next_open = dlsym(RTLD_NEXT, "open");
}

__attribute__((constructor)) static void begin(void)
{
    find_next();
    wait_ns = number("FIRST_TOUCH_MS", 20) * 1000000ull;
    chunk_bytes = number("FIRST_TOUCH_CHUNK_KIB", 512) * 1024ull;
    const char *path = getenv("FIRST_TOUCH_STATE");
    int fd = path ? next_open(path, O_RDWR) : -1;
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    slots = mapped == MAP_FAILED ? NULL : mapped;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void wait_until(uint64_t ready)
{
    struct timespec until = {.tv_sec = ready / 1000000000ull, .tv_nsec = ready % 1000000000ull};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static void touch(uint64_t file, uint64_t index)
{
    /* 2^28 chunks of a file are 128 TiB; inodes from 2^35 on would have to share. */
    uint64_t chunk = (file << 28 | (index & 0xfffffff)) + 1;
    uint64_t at = chunk * 0x9e3779b97f4a7c15ull >> 44;
    for (uint32_t tries = 0; tries < SLOTS; tries++, at = (at + 1) & (SLOTS - 1)) {
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&slots[at].chunk, &found, chunk)) {
            uint64_t ready = now_ns() + wait_ns;
            atomic_store(&slots[at].ready_ns, ready);
            wait_until(ready);
            return;
        }
        if (found == chunk) {
            uint64_t ready;
            while ((ready = atomic_load(&slots[at].ready_ns)) == 0)
                ;
            if (ready > now_ns())
                wait_until(ready);
            return;
        }
    }
}

static void read_of(int fd, uint64_t bytes, off_t offset)
{
    if (!slots || fd < 0 || fd >= FDS_MAX || !relation[fd] || bytes == 0)
        return;
    uint64_t last = ((uint64_t)offset + bytes - 1) / chunk_bytes;
    for (uint64_t index = (uint64_t)offset / chunk_bytes; index <= last; index++)
        touch(relation[fd], index);
}

static void opened(int fd, const char *path)
{
    struct stat about;
    if (fd < 0 || fd >= FDS_MAX)
        return;
    /* The server works in its data directory: a relation is `base/<database>/<file>` there. */
    int ours = strncmp(path, "base/", 5) == 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (!ours)
        relation[fd] = 0;
    else if ((uint64_t)about.st_size < chunk_bytes)
        relation[fd] = SMALL | about.st_ino >> NEIGHBOURS;
    else
        relation[fd] = about.st_ino;
}

#define OPEN(name)                                  \
    int name(const char *path, int flags, ...)      \
    {                                               \
        mode_t mode = 0;                            \
        if (flags & (O_CREAT | O_TMPFILE)) {        \
            va_list more;                           \
            va_start(more, flags);                  \
            mode = va_arg(more, mode_t);            \
            va_end(more);                           \
        }                                           \
        find_next();                                \
        int fd = next_open(path, flags, mode);      \
        opened(fd, path);                           \
        return fd;                                  \
    }

/* clang-format off */
OPEN(open)
OPEN(open64)
/* clang-format on */

ssize_t pread(int fd, void *buffer, size_t bytes, off_t offset)
{
    find_next();
    read_of(fd, bytes, offset);
    return next_pread(fd, buffer, bytes, offset);
}

ssize_t pread64(int fd, void *buffer, size_t bytes, off64_t offset)
{
    return pread(fd, buffer, bytes, offset);
}

ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
    uint64_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    find_next();
    read_of(fd, bytes, offset);
    return next_preadv(fd, parts, count, offset);
}

ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    return preadv(fd, parts, count, offset);
}
