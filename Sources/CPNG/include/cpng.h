#ifndef LIKENESS_CPNG_H
#define LIKENESS_CPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * NAME
 *   cpng - PNG from memory, on libpng 1.6
 *
 * CONVENTIONS
 *   libpng leaves a function by longjmp when something is wrong. All of it stays within the functions below, which
 *   call no one back: no frame of another language is ever jumped over.
 *
 *   Threads: no function has state of its own. Any thread may call any function, at the same time as others, as long
 *   as the memory that is written to is the caller's alone.
 *
 *   Ownership: inputs are borrowed for the call and never written. What a function allocates it frees before it
 *   returns.
 *
 *   Chunks: IHDR, PLTE, tRNS and IDAT are read. All others are walked over, neither stored nor inflated: texts, color
 *   profiles and what animations add cost nothing, whatever their size.
 *
 *   Nothing is written to standard output or standard error.
 */

/* What became of a call. The values are stable. */
typedef enum cpng_status {
    CPNG_OK = 0,
    /* The data end before the picture does. */
    CPNG_TRUNCATED = 1,
    /* The data contradict themselves, or a checksum. */
    CPNG_CORRUPT = 2,
    CPNG_TOO_MUCH_MEMORY = 3,
    /* An argument is outside of what is written here. */
    CPNG_BAD_ARGUMENT = 4,
} cpng_status;

enum {
    /* The room for a message, the final zero byte included; longer ones are cut. */
    CPNG_MESSAGE_SIZE = 200,
};

/* What went wrong, filled in by the callee when the status is not CPNG_OK. */
typedef struct cpng_report {
    /* libpng's words, ending in a zero byte; may be empty. */
    char message[CPNG_MESSAGE_SIZE];
    /* CPNG_TRUNCATED: whether the samples had begun. */
    bool in_samples;
    /* CPNG_TRUNCATED in the samples: the pass that the data end in, from 1. */
    int32_t pass;
    /* CPNG_TRUNCATED in the samples: the rows of that pass that are complete, and all its rows. */
    uint32_t rows_decoded;
    uint32_t rows;
} cpng_report;

typedef enum cpng_color {
    CPNG_COLOR_GRAYSCALE = 0,
    CPNG_COLOR_RGB = 1,
    CPNG_COLOR_PALETTE = 2,
} cpng_color;

typedef struct cpng_header {
    /* Pixels; 1 to 2^31 - 1 when the status is CPNG_OK, 0 when they are not known. */
    uint32_t width;
    uint32_t height;
    cpng_color color;
    /* Samples of a pixel as stored, a palette's index being one: 1 to 4. */
    int32_t components;
    /* Whether pixels have an opacity of their own, by a sample or by tRNS. */
    bool alpha;
    /* Whether the samples come in the seven passes of Adam7. */
    bool interlaced;
    /* The most that cpng_decode allocates, the caller's output not included; in bytes. */
    uint64_t working_bytes;
} cpng_header;

/*
 * Reads everything that stands before the samples.
 *
 *   data, size   a PNG in memory; size >= 1
 *   header       out; zeroed first
 *   report       out
 *
 * Allocates little, whatever the header says. Cost: O(bytes before the first IDAT).
 */
cpng_status cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, cpng_report *report);

/*
 * Decodes to RGB, as stored (not turned upright).
 *
 *   data, size            as for cpng_read_header
 *   max_memory            what libpng may allocate, in bytes; >= 1
 *   pixels, pixels_size   out: rows from the top, 3 bytes a pixel (red, green, blue), no padding; exactly
 *                         3 * width * height bytes. Partly written when the status is not CPNG_OK.
 *   report                out
 *
 * Grayscale becomes three equal samples; samples of 16 bits are scaled to 8, round(v * 255 / 65535). What is
 * translucent is laid over white: round((c * a + 255 * (255 - a)) / 255). Gamma and color profiles are not applied, as
 * Pillow does not apply them. Of an animation, the picture that it shows without one.
 *
 * The picture is whole when its samples are, to the checksum of the last IDAT; chunks missing behind it do not matter.
 *
 * Cost: O(size + width * height).
 */
cpng_status cpng_decode(
    const uint8_t *data, size_t size, uint64_t max_memory, uint8_t *pixels, size_t pixels_size, cpng_report *report);

/*
 * Looks for the first eXIf chunk whose checksum is right, before or behind the samples.
 *
 *   data, size     a PNG in memory
 *   exif_offset    out: where the chunk's content begins in data: a TIFF header
 *   exif_size      out: its bytes
 *
 * Returns whether there is one. Allocates nothing. Cost: O(number of chunks + size of the eXIf chunks).
 */
bool cpng_find_exif(const uint8_t *data, size_t size, size_t *exif_offset, size_t *exif_size);

/* The version of libpng that is linked, such as "1.6.39". A constant: not to be freed. */
const char *cpng_library_version(void);

#endif
