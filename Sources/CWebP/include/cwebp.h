#ifndef LIKENESS_CWEBP_H
#define LIKENESS_CWEBP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * NAME
 *   cwebp - WebP from memory, on libwebp and libwebpdemux
 *
 * CONVENTIONS
 *   Threads: no function has state of its own. Any thread may call any function, at the same time as others, as long
 *   as the memory that is written to is the caller's alone.
 *
 *   Ownership: inputs are borrowed for the call and never written. What a function allocates it frees before it
 *   returns.
 *
 *   Nothing is written to standard output or standard error.
 */

/* What became of a call. The values are stable. */
typedef enum cwebp_status {
    CWEBP_OK = 0,
    /* The file is shorter than it says. */
    CWEBP_TRUNCATED = 1,
    /* The data contradict themselves, or end within a file that is as long as it says. */
    CWEBP_CORRUPT = 2,
    /* A bitstream of a kind that libwebp does not decode. */
    CWEBP_UNSUPPORTED = 3,
    CWEBP_TOO_MUCH_MEMORY = 4,
    /* An argument is outside of what is written here. */
    CWEBP_BAD_ARGUMENT = 5,
} cwebp_status;

typedef struct cwebp_header {
    /* Pixels of the whole picture, of an animation its canvas: 1 to 2^24 when the status is CWEBP_OK. */
    uint32_t width;
    uint32_t height;
    /* Whether the (first) frame is coded without loss: then as RGB, else as YCbCr. */
    bool lossless;
    /* Whether pixels have an opacity of their own. */
    bool alpha;
    bool animated;
    /* About what is allocated to decode the picture, the caller's output not included; in bytes. What the codes of a
     * lossless frame take is not in it: the header does not tell, and it is little unless someone means harm. */
    uint64_t working_bytes;
    /* Where the content of the EXIF chunk begins in the file, and its bytes; 0 bytes when there is none. */
    size_t exif_offset;
    size_t exif_size;
    /* How many bytes the file should have, as far as it says; 0 when it does not. */
    uint64_t file_size;
} cwebp_header;

/*
 * Reads the structure of the file: what stands before the samples of each frame, and where the EXIF chunk is.
 *
 *   data, size   a WebP file in memory; size >= 1
 *   header       out; zeroed first
 *
 * A file that is shorter than its first chunk says is CWEBP_TRUNCATED, as libwebp sees it, even if only chunks behind
 * the picture are missing: one of them may tell how to turn it.
 *
 * Allocates little, whatever the header says. Cost: O(number of chunks).
 */
cwebp_status cwebp_read_header(const uint8_t *data, size_t size, cwebp_header *header);

/*
 * Decodes the picture, of an animation the first frame, to RGB, as stored (not turned upright).
 *
 *   data, size            as for cwebp_read_header
 *   pixels, pixels_size   out: rows from the top, 3 bytes a pixel (red, green, blue), no padding; exactly
 *                         3 * width * height bytes. Partly written when the status is not CWEBP_OK.
 *
 * What is translucent, and what the first frame leaves free, is laid over white:
 * round((c * a + 255 * (255 - a)) / 255). Chroma is upsampled smoothly, libwebp's default and Pillow's.
 *
 * Cost: O(size + width * height).
 */
cwebp_status cwebp_decode(const uint8_t *data, size_t size, uint8_t *pixels, size_t pixels_size);

/* The version of libwebp that is linked, as 0xMMmmrr: 0x010204 for 1.2.4. */
int32_t cwebp_library_version(void);

#endif
