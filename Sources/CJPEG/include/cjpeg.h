#ifndef LIKENESS_CJPEG_H
#define LIKENESS_CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * NAME
 *   cjpeg - JPEG and EXIF from and to memory, on libjpeg-turbo (libjpeg 6.2 API) and libexif
 *
 * CONVENTIONS
 *   libjpeg leaves a function by longjmp when something is wrong. All of it stays within the functions below, which
 *   call no one back: no frame of another language is ever jumped over.
 *
 *   Threads: no function has state of its own. Any thread may call any function, at the same time as others, as long
 *   as the memory that is written to is the caller's alone.
 *
 *   Ownership: inputs are borrowed for the call and never written. What a function allocates it frees before it
 *   returns, but for the output of cjpeg_encode.
 *
 *   Nothing is written to standard output or standard error.
 */

/* What became of a call. The values are stable. */
typedef enum cjpeg_status {
    CJPEG_OK = 0,
    /* The data end before the picture does. */
    CJPEG_TRUNCATED = 1,
    /* The data contradict themselves. */
    CJPEG_CORRUPT = 2,
    /* A kind of JPEG that libjpeg does not decode: lossless, hierarchical, more than 8 bits a sample. */
    CJPEG_UNSUPPORTED = 3,
    /* A number of components, or a color model, that does not turn into RGB. */
    CJPEG_UNSUPPORTED_COLOR = 4,
    /* A side is longer than CJPEG_MAX_SIDE. */
    CJPEG_SIDE_TOO_LONG = 5,
    CJPEG_TOO_MANY_SCANS = 6,
    CJPEG_TOO_MUCH_MEMORY = 7,
    /* An argument is outside of what is written here. */
    CJPEG_BAD_ARGUMENT = 8,
} cjpeg_status;

enum {
    /* The longest side, in pixels, that libjpeg takes. */
    CJPEG_MAX_SIDE = 65500,
    /* The room for a message, the final zero byte included. */
    CJPEG_MESSAGE_SIZE = 200,
    /* The most bytes that are read of EXIF data: what fits into a segment of a JPEG. */
    CJPEG_MAX_EXIF = 65533,
    /* The room for a text of EXIF, the final zero byte included; longer ones are cut. */
    CJPEG_TEXT_SIZE = 128,
};

/* What went wrong, filled in by the callee when the status is not CJPEG_OK. */
typedef struct cjpeg_report {
    /* libjpeg's words, ending in a zero byte; may be empty. */
    char message[CJPEG_MESSAGE_SIZE];
    /* CJPEG_TRUNCATED: whether the samples had begun. */
    bool in_samples;
    /* CJPEG_TRUNCATED in the samples: the scan that the data end in, from 1. */
    int32_t scan;
    /* CJPEG_TRUNCATED in the samples: the rows that are complete, at the scale asked for, and all rows. */
    uint32_t rows_decoded;
    uint32_t rows;
} cjpeg_report;

typedef enum cjpeg_color {
    CJPEG_COLOR_UNKNOWN = 0,
    CJPEG_COLOR_GRAYSCALE = 1,
    CJPEG_COLOR_YCBCR = 2,
    CJPEG_COLOR_RGB = 3,
    CJPEG_COLOR_CMYK = 4,
    CJPEG_COLOR_YCCK = 5,
} cjpeg_color;

typedef struct cjpeg_header {
    /* Pixels, as stored; known also when the status is CJPEG_SIDE_TOO_LONG. */
    uint32_t width;
    uint32_t height;
    /* Color components of a pixel. */
    int32_t components;
    cjpeg_color color;
    bool progressive;
    /* Whether the samples come in more than one scan, so that libjpeg must keep all coefficients in memory. */
    bool multiple_scans;
    /* About what libjpeg allocates to decode the picture, at any scale, the caller's output not included; in bytes. */
    uint64_t working_bytes;
} cjpeg_header;

/*
 * Reads everything that stands before the samples.
 *
 *   data, size   a JPEG in memory; size >= 1
 *   header       out; zeroed first
 *   report       out
 *
 * Allocates little, whatever the header says. Cost: O(bytes before the first scan).
 */
cjpeg_status cjpeg_read_header(const uint8_t *data, size_t size, cjpeg_header *header, cjpeg_report *report);

typedef struct cjpeg_decode_options {
    /* 1, 2, 4 or 8: the result has ceil(width / d) * ceil(height / d) pixels. */
    int32_t scale_denominator;
    /* How many scans are read before the rest is refused; >= 1. */
    int32_t max_scans;
    /* What libjpeg may allocate for coefficients, in bytes; >= 1. */
    uint64_t max_memory;
} cjpeg_decode_options;

/*
 * Decodes to RGB, as stored (not turned upright).
 *
 *   data, size                as for cjpeg_read_header
 *   pixels, pixels_size       out: rows from the top, 3 bytes a pixel (red, green, blue), no padding; exactly
 *                             3 * ceil(width / d) * ceil(height / d) bytes. Partly written when the status is not
 *                             CJPEG_OK.
 *   report                    out
 *
 * The slow integer DCT and the smooth upsampling of libjpeg's defaults, as Pillow uses them: same pixels.
 *
 * Grayscale becomes three equal samples. CMYK is taken to be stored inverted, as Adobe writes it and Pillow and the
 * browsers read it, with or without Adobe's marker: red = K - round((255 - C) * K / 255), and so on
 * (Pillow, src/libImaging/Convert.c, cmyk2rgb). YCCK becomes CMYK first.
 *
 * Data that end early are an error: libjpeg itself would fill the rest with gray. Whether they do is decided by the
 * bits that the samples lack, not by a missing end marker: a file without one, but with all its samples, is whole.
 * What libjpeg else warns of (bytes between markers, a bad code within a restart interval, an odd progression) is
 * taken as Pillow and the browsers take it: such files are common, and people see pictures in them.
 *
 * Cost: O(size + width * height).
 */
cjpeg_status cjpeg_decode(
    const uint8_t *data, size_t size, const cjpeg_decode_options *options, uint8_t *pixels, size_t pixels_size,
    cjpeg_report *report);

typedef struct cjpeg_encode_options {
    /* 1 (coarse) to 100 (fine), libjpeg's scale of quantization tables. */
    int32_t quality;
    bool progressive;
    /* The content of an APP1 segment to write behind the JFIF header, borrowed, or NULL; at most 65533 bytes. */
    const uint8_t *app1;
    size_t app1_size;
} cjpeg_encode_options;

/*
 * Encodes RGB as YCbCr with chroma at half the resolution (4:2:0).
 *
 *   pixels           rows from the top, 3 bytes a pixel, no padding: 3 * width * height bytes
 *   width, height    1 to CJPEG_MAX_SIDE
 *   output           out: the file, in memory that the caller gives back to cjpeg_free; NULL when the status is not
 *                    CJPEG_OK
 *   output_size      out: its size in bytes
 *   report           out
 */
cjpeg_status cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, const cjpeg_encode_options *options, uint8_t **output,
    size_t *output_size, cjpeg_report *report);

/* Gives back what cjpeg_encode allocated; NULL is fine. */
void cjpeg_free(uint8_t *output);

/* What the EXIF segment of a file says. Texts end in a zero byte and are empty when the file does not have them;
 * their bytes are those of the file, in whatever encoding. */
typedef struct cjpeg_exif {
    /* 1 to 8 as EXIF defines them; 0 when the file does not say. Not checked: any other value may stand here. */
    int32_t orientation;
    char date_time_original[CJPEG_TEXT_SIZE];
    char offset_time_original[CJPEG_TEXT_SIZE];
    char make[CJPEG_TEXT_SIZE];
    char model[CJPEG_TEXT_SIZE];
    /* Degrees, north and east positive. */
    bool has_position;
    double latitude;
    double longitude;
    /* Meters above sea level. */
    bool has_altitude;
    double altitude;
} cjpeg_exif;

/*
 * Reads the first EXIF segment that stands before the samples.
 *
 *   data, size    a JPEG in memory
 *   exif          out; zeroed first
 *
 * Returns whether there is such a segment. Damage within it is passed over: what can be read is read.
 */
bool cjpeg_read_exif(const uint8_t *data, size_t size, cjpeg_exif *exif);

/*
 * Reads EXIF data that other formats keep in chunks of their own.
 *
 *   data, size    a TIFF header and its directories, with or without the identifier that precedes them in a JPEG
 *   exif          out; zeroed first
 *
 * Returns whether there is any. No more than CJPEG_MAX_EXIF bytes are looked at: each of many entries may be as long as
 * all of the data, and libexif copies them. Damage is passed over.
 */
bool cjpeg_read_exif_data(const uint8_t *data, size_t size, cjpeg_exif *exif);

/* The version of libjpeg-turbo that this was built with, such as "2.1.5". A constant: not to be freed. */
const char *cjpeg_library_version(void);

#endif
