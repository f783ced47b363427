#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "benchmark.h"

void *allocate(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (!memory) {
        fprintf(stderr, "error: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return memory;
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, ascending);
    return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double next_normal(uint64_t *state) {
    const double u = ((double)(next_random(state) >> 11) + 0.5) * 0x1p-53;
    const double v = (double)(next_random(state) >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static float widened(uint16_t half) {
    const int exponent = half >> 10 & 31;
    const float magnitude = exponent ? ldexpf((float)(1024 + (half & 1023)), exponent - 25)
                                     : ldexpf((float)(half & 1023), -24);
    return half & 0x8000 ? -magnitude : magnitude;
}

struct data_set diverse_rows(const char *path, size_t d) {
    struct data_set data = {.name = "diverse photos", .d = d};
    FILE *file = fopen(path, "rb");
    if (!file) return data;
    fseek(file, 0, SEEK_END);
    const size_t n = (size_t)ftell(file) / (2 * d);
    rewind(file);
    uint16_t *halves = allocate(n * d * 2);
    if (fread(halves, 2 * d, n, file) == n) {
        data.rows = allocate(n * d * 4);
        data.queries = allocate((n / 30 + 1) * d * 4);
        for (size_t i = 0; i < n; i++) {
            float *row = i % 30 == 0 ? data.queries + data.query_count++ * d : data.rows + data.row_count++ * d;
            for (size_t c = 0; c < d; c++) row[c] = widened(halves[i * d + c]);
        }
    }
    free(halves);
    fclose(file);
    return data;
}

static void normalize(float *row, size_t d) {
    double sum = 0;
    for (size_t c = 0; c < d; c++) sum += (double)row[c] * row[c];
    for (size_t c = 0; c < d; c++) row[c] = (float)(row[c] / sqrt(sum));
}

/* A random point whose energy falls off like that of real embeddings, in `rank` fixed random directions. */
static void add_point(
    float *row, const float *directions, size_t rank, size_t d, double size, double decay, uint64_t *state) {
    for (size_t j = 0; j < rank; j++) {
        const float weight = (float)(size * pow((double)j + 1, -decay) * next_normal(state) / sqrt((double)d));
        for (size_t c = 0; c < d; c++) row[c] += weight * directions[j * d + c];
    }
}

struct data_set families_of_copies(size_t families, size_t members, size_t d, uint64_t seed) {
    enum { RANK = 256 };
    struct data_set data = {.name = "families of copies", .d = d, .query_count = families};
    data.row_count = families * members;
    data.rows = allocate(data.row_count * d * 4);
    data.queries = allocate(families * d * 4);
    uint64_t state = seed;
    float *directions = allocate(RANK * d * 4), *center = allocate(d * 4);
    for (size_t i = 0; i < RANK * d; i++) directions[i] = (float)next_normal(&state);
    for (size_t f = 0; f < families; f++) {
        for (size_t c = 0; c < d; c++) center[c] = 0.7f / sqrtf((float)d);
        add_point(center, directions, RANK, d, 0.3, 0.5, &state);
        for (size_t member = 0; member <= members; member++) {
            float *row = member < members ? data.rows + (f * members + member) * d : data.queries + f * d;
            memcpy(row, center, d * 4);
            add_point(row, directions, RANK, d, 0.12, 0.5, &state);
            for (size_t c = 0; c < d; c++) row[c] += (float)(0.12 / sqrt((double)d) * next_normal(&state));
            normalize(row, d);
        }
    }
    free(directions);
    free(center);
    return data;
}
