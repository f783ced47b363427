/*
 * Runs every function of the JPEG seam over the files named on standard input, one a line, and over pieces of them.
 * What comes out does not matter here, only that nothing is read, written or kept that should not be: the sanitizers
 * it is compiled with end the process if so. Scripts/sanitize-seams builds and runs it.
 */
#include "cjpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What a picture may need in here, so that the run stays short. */
static const uint64_t max_memory = (uint64_t)256 << 20;
static unsigned long calls;
static unsigned long pictures;

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
