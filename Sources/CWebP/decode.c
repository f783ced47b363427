#include "cwebp.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/* An opened file: its chunks and its first frame. */
typedef struct picture {
    WebPDemuxer *demuxer;
    WebPIterator frame;
    WebPBitstreamFeatures features;
    uint32_t width;
    uint32_t height;
} picture;

static cwebp_status status_of(VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OK:
        return CWEBP_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return CWEBP_TOO_MUCH_MEMORY;
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return CWEBP_UNSUPPORTED;
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return CWEBP_TRUNCATED;
    default:
        return CWEBP_CORRUPT;
    }
}

/* The bytes that a file has whose RIFF header is complete: what it says and those 8 that it does not count. */
static uint64_t riff_size(const uint8_t *data) {
    return 8 + ((uint64_t)data[4] | (uint64_t)data[5] << 8 | (uint64_t)data[6] << 16 | (uint64_t)data[7] << 24);
}

static cwebp_status open_picture(const uint8_t *data, size_t size, picture *picture) {
    WebPData file = {data, size};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    picture->demuxer = WebPDemuxPartial(&file, &state);
    if (picture->demuxer == NULL) return state == WEBP_DEMUX_PARSING_HEADER ? CWEBP_TRUNCATED : CWEBP_CORRUPT;
    picture->width = WebPDemuxGetI(picture->demuxer, WEBP_FF_CANVAS_WIDTH);
    picture->height = WebPDemuxGetI(picture->demuxer, WEBP_FF_CANVAS_HEIGHT);
    if (size < riff_size(data)) return CWEBP_TRUNCATED;
    if (!WebPDemuxGetFrame(picture->demuxer, 1, &picture->frame)) return CWEBP_CORRUPT;
    if (!picture->frame.complete) return CWEBP_CORRUPT;
    const WebPData *fragment = &picture->frame.fragment;
    cwebp_status status = status_of(WebPGetFeatures(fragment->bytes, fragment->size, &picture->features));
    /* The file has all its bytes: what lacks within it was not cut off. */
    if (status != CWEBP_OK) return status == CWEBP_TRUNCATED ? CWEBP_CORRUPT : status;
    bool fits = picture->frame.x_offset >= 0 && picture->frame.y_offset >= 0
        && picture->features.width == picture->frame.width && picture->features.height == picture->frame.height
        && (uint64_t)picture->frame.x_offset + (uint64_t)picture->frame.width <= picture->width
        && (uint64_t)picture->frame.y_offset + (uint64_t)picture->frame.height <= picture->height;
    return fits ? CWEBP_OK : CWEBP_CORRUPT;
}

static void close_picture(picture *picture) {
    WebPDemuxReleaseIterator(&picture->frame);
    WebPDemuxDelete(picture->demuxer);
}

/* Whether the frame goes through memory of its own before it is laid over white. */
static bool is_laid_over_white(const picture *picture) {
    return picture->features.has_alpha || (uint32_t)picture->frame.width != picture->width
        || (uint32_t)picture->frame.height != picture->height;
}

/* What libwebp allocates, in bytes. Source: src/dec of libwebp 1.2.4: vp8l_dec.c, AllocateInternalBuffers32b and the
 * transforms, which have a value for at least 4 * 4 pixels each; frame_dec.c, AllocateMemory; alpha_dec.c. */
static uint64_t working_bytes(const picture *picture) {
    uint64_t width = (uint64_t)picture->frame.width;
    uint64_t pixels = width * (uint64_t)picture->frame.height;
    uint64_t bytes = 256 * width + ((uint64_t)256 << 10);
    if (picture->features.format == 2) {
        bytes += 5 * pixels;
    } else if (picture->features.has_alpha) {
        bytes += 6 * pixels;
    }
    return is_laid_over_white(picture) ? bytes + 4 * pixels : bytes;
}

cwebp_status cwebp_read_header(const uint8_t *data, size_t size, cwebp_header *header) {
    memset(header, 0, sizeof *header);
    if (data == NULL || size == 0) return CWEBP_BAD_ARGUMENT;
    if (size >= 8) header->file_size = riff_size(data);
    picture picture;
    memset(&picture, 0, sizeof picture);
    cwebp_status status = open_picture(data, size, &picture);
    header->width = picture.width;
    header->height = picture.height;
    if (status == CWEBP_OK) {
        header->lossless = picture.features.format == 2;
        header->alpha = picture.features.has_alpha;
        header->animated = (WebPDemuxGetI(picture.demuxer, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG) != 0;
        header->working_bytes = working_bytes(&picture);
        WebPChunkIterator exif;
        memset(&exif, 0, sizeof exif);
        if (WebPDemuxGetChunk(picture.demuxer, "EXIF", 1, &exif)) {
            header->exif_offset = (size_t)(exif.chunk.bytes - data);
            header->exif_size = exif.chunk.size;
        }
        WebPDemuxReleaseChunkIterator(&exif);
    }
    close_picture(&picture);
    return status;
}

static cwebp_status decode_frame(const picture *picture, WEBP_CSP_MODE mode, uint8_t *pixels, size_t size) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return CWEBP_BAD_ARGUMENT;
    config.output.colorspace = mode;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = picture->frame.width * (mode == MODE_RGBA ? 4 : 3);
    config.output.u.RGBA.size = size;
    const WebPData *fragment = &picture->frame.fragment;
    cwebp_status status = status_of(WebPDecode(fragment->bytes, fragment->size, &config));
    WebPFreeDecBuffer(&config.output);
    /* The file has all its bytes: what lacks within it was not cut off. */
    return status == CWEBP_TRUNCATED ? CWEBP_CORRUPT : status;
}

/* round((color * alpha + 255 * (255 - alpha)) / 255), exactly. Source: Pillow, src/libImaging/ImagingUtils.h. */
static inline uint8_t over_white(int color, int alpha) {
    int sum = color * alpha + 255 * (255 - alpha) + 128;
    return (uint8_t)(((sum >> 8) + sum) >> 8);
}

static void lay_over_white(const picture *picture, const uint8_t *rgba, uint8_t *pixels, size_t pixels_size) {
    memset(pixels, 255, pixels_size);
    for (int y = 0; y < picture->frame.height; y++) {
        size_t row = (size_t)picture->frame.y_offset + (size_t)y;
        uint8_t *pixel = pixels + 3 * (row * picture->width + (size_t)picture->frame.x_offset);
        for (int x = 0; x < picture->frame.width; x++, rgba += 4, pixel += 3) {
            for (int i = 0; i < 3; i++) pixel[i] = over_white(rgba[i], rgba[3]);
        }
    }
}

static cwebp_status decode_over_white(const picture *picture, uint8_t *pixels, size_t pixels_size) {
    size_t size = (size_t)picture->frame.width * (size_t)picture->frame.height * 4;
    uint8_t *rgba = malloc(size);
    if (rgba == NULL) return CWEBP_TOO_MUCH_MEMORY;
    cwebp_status status = decode_frame(picture, MODE_RGBA, rgba, size);
    if (status == CWEBP_OK) lay_over_white(picture, rgba, pixels, pixels_size);
    free(rgba);
    return status;
}

cwebp_status cwebp_decode(const uint8_t *data, size_t size, uint8_t *pixels, size_t pixels_size) {
    if (data == NULL || size == 0 || pixels == NULL) return CWEBP_BAD_ARGUMENT;
    picture picture;
    memset(&picture, 0, sizeof picture);
    cwebp_status status = open_picture(data, size, &picture);
    if (status == CWEBP_OK && pixels_size != (size_t)picture.width * picture.height * 3) status = CWEBP_BAD_ARGUMENT;
    if (status == CWEBP_OK) {
        status = is_laid_over_white(&picture) ? decode_over_white(&picture, pixels, pixels_size)
                                              : decode_frame(&picture, MODE_RGB, pixels, pixels_size);
    }
    close_picture(&picture);
    return status;
}

int32_t cwebp_library_version(void) { return WebPGetDecoderVersion(); }
