/*
 * Runs every function of the seams to libjpeg, libpng and libwebp over the JPEG files named on standard input, one a
 * line, and over pieces of them; small pictures are written as PNG and WebP, which are read, and pieces of them.
 * What comes out does not matter here, only that nothing is read, written or kept that should not be: the sanitizers
 * it is compiled with end the process if so. Scripts/sanitize-seams builds and runs it.
 */
#include "cjpeg.h"
#include "cpng.h"
#include "cwebp.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <webp/encode.h>

/* What a picture may need in here, so that the run stays short. */
static const uint64_t max_memory = (uint64_t)256 << 20;
static unsigned long calls;
static unsigned long pictures;

static void decode_png(const uint8_t *bytes, size_t size) {
    cpng_header header;
    cpng_report report;
    size_t exif_offset = 0;
    size_t exif_size = 0;
    cjpeg_exif exif;
    calls += 1;
    if (cpng_find_exif(bytes, size, &exif_offset, &exif_size)) {
        cjpeg_read_exif_data(bytes + exif_offset, exif_size, &exif);
    }
    if (cpng_read_header(bytes, size, &header, &report) != CPNG_OK) return;
    if ((uint64_t)header.width * header.height > max_memory / 3) return;
    size_t needed = (size_t)3 * header.width * header.height;
    uint8_t *pixels = malloc(needed);
    if (pixels == NULL) abort();
    pictures += cpng_decode(bytes, size, header.working_bytes, pixels, needed, &report) == CPNG_OK;
    free(pixels);
}

static void decode_webp(const uint8_t *bytes, size_t size) {
    cwebp_header header;
    cjpeg_exif exif;
    calls += 1;
    if (cwebp_read_header(bytes, size, &header) != CWEBP_OK) return;
    cjpeg_read_exif_data(bytes + header.exif_offset, header.exif_size, &exif);
    if ((uint64_t)header.width * header.height > max_memory / 3) return;
    size_t needed = (size_t)3 * header.width * header.height;
    uint8_t *pixels = malloc(needed);
    if (pixels == NULL) abort();
    pictures += cwebp_decode(bytes, size, pixels, needed) == CWEBP_OK;
    free(pixels);
}

/* The file, its beginnings, and copies with a flipped bit, each in memory of exactly its size. */
static void run_pieces(const uint8_t *file, size_t size, void (*decode)(const uint8_t *, size_t)) {
    uint32_t state = 1;
    for (size_t part = 1; part <= 16; part++) {
        size_t length = size * part / 16;
        uint8_t *piece = malloc(length);
        if (piece == NULL) abort();
        memcpy(piece, file, length);
        decode(piece, length);
        state = state * 1664525u + 1013904223u;
        piece[state % length] ^= (uint8_t)(1u << (state >> 29));
        decode(piece, length);
        free(piece);
    }
}

static void convert(const uint8_t *pixels, uint32_t width, uint32_t height) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
    png_alloc_size_t png_size = 0;
    if (!png_image_write_to_memory(&image, NULL, &png_size, 0, pixels, 0, NULL)) abort();
    uint8_t *png = malloc(png_size);
    if (png == NULL || !png_image_write_to_memory(&image, png, &png_size, 0, pixels, 0, NULL)) abort();
    run_pieces(png, png_size, decode_png);
    free(png);
    int columns = (int)width;
    int rows = (int)height;
    uint8_t *lossy = NULL;
    size_t lossy_size = WebPEncodeRGB(pixels, columns, rows, 3 * columns, 75, &lossy);
    if (lossy_size > 0) run_pieces(lossy, lossy_size, decode_webp);
    WebPFree(lossy);
    uint8_t *lossless = NULL;
    size_t lossless_size = WebPEncodeLosslessRGB(pixels, columns, rows, 3 * columns, &lossless);
    if (lossless_size > 0) run_pieces(lossless, lossless_size, decode_webp);
    WebPFree(lossless);
}

static void encode_again(const uint8_t *pixels, uint32_t width, uint32_t height) {
    uint8_t *file = NULL;
    size_t size = 0;
    cjpeg_report report;
    cjpeg_encode_options options = {.quality = 75, .progressive = width % 2 == 0};
    if (cjpeg_encode(pixels, width, height, &options, &file, &size, &report) == CJPEG_OK) cjpeg_free(file);
}

/* The bytes lie in memory of exactly their size, so that one byte beyond is one too many. */
static void decode(const uint8_t *bytes, size_t size, int scale_denominator, bool encodes) {
    cjpeg_header header;
    cjpeg_report report;
    cjpeg_exif exif;
    calls += 1;
    cjpeg_read_exif(bytes, size, &exif);
    if (cjpeg_read_header(bytes, size, &header, &report) != CJPEG_OK) return;
    uint32_t d = (uint32_t)scale_denominator;
    uint32_t width = (header.width + d - 1) / d;
    uint32_t height = (header.height + d - 1) / d;
    uint64_t needed = (uint64_t)3 * width * height;
    if (needed + header.working_bytes > max_memory) return;
    uint8_t *pixels = malloc(needed);
    if (pixels == NULL) abort();
    cjpeg_decode_options options = {.scale_denominator = scale_denominator, .max_scans = 100, .max_memory = max_memory};
    if (cjpeg_decode(bytes, size, &options, pixels, needed, &report) == CJPEG_OK) {
        pictures += 1;
        if (encodes) encode_again(pixels, width, height);
        if (encodes && width <= 128 && height <= 128) convert(pixels, width, height);
    }
    free(pixels);
}

/* A piece of the file with one byte changed; position and value come from a fixed sequence. */
static void decode_piece(const uint8_t *file, size_t size, uint32_t *state) {
    uint8_t *copy = malloc(size);
    if (copy == NULL) abort();
    memcpy(copy, file, size);
    *state = *state * 1664525u + 1013904223u;
    copy[*state % size] ^= (uint8_t)(1u << (*state >> 29));
    decode(copy, size, 8, false);
    free(copy);
}

static void run(const char *path) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size_t size = (size_t)ftell(stream);
    rewind(stream);
    uint8_t *file = malloc(size > 0 ? size : 1);
    if (file == NULL || fread(file, 1, size, stream) != size) exit(1);
    fclose(stream);
    decode(file, size, 1, size < 1 << 16);
    for (int denominator = 2; denominator <= 8; denominator *= 2) decode(file, size, denominator, false);
    /* Pieces of what is small: the large ones are ordinary photographs, of which small ones do as well. */
    uint32_t state = 1;
    for (size_t part = 1; part <= 16 && size >= 16 && size < 1 << 16; part++) {
        decode_piece(file, size * part / 16, &state);
        decode_piece(file, size, &state);
    }
    free(file);
}

int main(void) {
    char path[4096];
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = 0;
        run(path);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%lu files and pieces, %lu pictures, at most %ld MiB\n", calls, pictures, usage.ru_maxrss >> 10);
    return calls > 0 ? 0 : 1;
}
