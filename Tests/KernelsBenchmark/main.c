#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"

enum { ROUNDS = 21, DIMENSION = 2048, LONGEST_HEAD = 512 };

static const char *const names[] = {"portable", "avx2", "avx512"};

struct part {
    const struct lk_kernels *kernels;
    const struct data_set *data;
    size_t first, count;
    float *out;
};

static void *scan_part(void *argument) {
    const struct part *p = argument;
    const size_t d = p->data->d;
    p->kernels->squared_l2_rows(p->data->queries, p->data->rows + p->first * d, d, p->count, d, p->out + p->first);
    return NULL;
}

/* Several passes, so that starting the second thread does not count. */
static void *scan_part_often(void *argument) {
    for (int pass = 0; pass < 20; pass++) scan_part(argument);
    return NULL;
}

static double gigabytes_a_second(const struct lk_kernels *k, const struct data_set *data, int threads, float *out) {
    struct part parts[2];
    const size_t half = threads == 2 ? data->row_count / 2 : 0;
    parts[0] = (struct part){k, data, 0, half, out};
    parts[1] = (struct part){k, data, half, data->row_count - half, out};
    const double start = now();
    pthread_t other;
    if (threads == 2) pthread_create(&other, NULL, scan_part_often, &parts[0]);
    scan_part_often(&parts[1]);
    if (threads == 2) pthread_join(other, NULL);
    return 20.0 * (double)(data->row_count * data->d * 4) / (now() - start) * 1e-9;
}

static void report_bandwidth(const struct data_set *data) {
    float *out = allocate(data->row_count * 4);
    double figures[3][2][ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < 3; i++)
            for (int threads = 1; threads <= 2; threads++) {
                const struct lk_kernels *k = lk_kernels_named(names[i]);
                if (k) figures[i][threads - 1][round] = gigabytes_a_second(k, data, threads, out);
            }
    for (size_t i = 0; i < 3; i++)
        if (lk_kernels_named(names[i]))
            printf("  squared_l2_rows %-8s  one thread %5.1f GB/s, two %5.1f GB/s\n", names[i],
                median(figures[i][0], ROUNDS), median(figures[i][1], ROUNDS));
    free(out);
}

static int same(const struct nearest *a, const struct nearest *b) {
    if (a->count != b->count) return 0;
    for (size_t i = 0; i < a->count; i++)
        if (a->best[i].row != b->best[i].row || a->best[i].distance != b->best[i].distance) return 0;
    return 1;
}

/* The plain scan and the search by sketch, by turns, over all queries. */
static void report_search(
    const struct lk_kernels *k, const struct data_set *data, const struct sketches *s, int as_codes, const char *kind) {
    const size_t n = data->query_count;
    double *plain = allocate(n * 8), *total = allocate(n * 8), *sketch = allocate(n * 8), *pass = allocate(n * 8),
           *exact = allocate(n * 8), *left = allocate(n * 8);
    float *distances = allocate(data->row_count * 4);
    size_t survivors = 0, different = 0;
    for (size_t i = 0; i < n; i++) {
        const float *q = data->queries + i * data->d;
        const double start = now();
        const struct nearest expected = scan(k, data, q, distances);
        plain[i] = now() - start;
        struct search_times times;
        /* Another query first: it fetches the sketches that the plain scan threw out of the cache, but not q's rows. */
        search_by_sketch(k, data, s, as_codes, data->queries + (i + 1) % n * data->d, &times);
        const struct nearest found = search_by_sketch(k, data, s, as_codes, q, &times);
        different += !same(&expected, &found);
        survivors += times.survivors;
        total[i] = times.total, sketch[i] = times.sketch, pass[i] = times.scan, exact[i] = times.exact;
        left[i] = (double)times.survivors;
    }
    printf("  %4zu  %-14s  %6.1f %%  %6.0f   %5.3f ms = %5.3f + %5.3f + %5.3f   %6.3f ms  %5.1f x   %zu of %zu\n",
        s->projection.m, kind, 100.0 * (double)survivors / (double)(n * data->row_count), median(left, n),
        1e3 * median(total, n), 1e3 * median(sketch, n), 1e3 * median(pass, n), 1e3 * median(exact, n),
        1e3 * median(plain, n), median(plain, n) / median(total, n), different, n);
    free(plain), free(total), free(sketch), free(pass), free(exact), free(left), free(distances);
}

static void report(const struct data_set *data) {
    printf("\n%s: %zu rows, %zu queries, %zu dimensions\n", data->name, data->row_count, data->query_count, data->d);
    report_bandwidth(data);
    float *center = allocate(data->d * 4), *basis = allocate(LONGEST_HEAD * data->d * 4);
    float *turned = allocate(LONGEST_HEAD * data->d * 4);
    principal_components(data, LONGEST_HEAD, center, basis);
    const struct lk_kernels *k = lk_kernels_of_this_cpu();
    printf("  exact k = %d, %s, one thread; medians a query\n", K, k->name);
    printf("     m  head            computed  median  total    = sketch + bounds + exact       plain  faster"
           "    different\n");
    for (size_t m = 64; m <= LONGEST_HEAD; m *= 2) {
        struct sketches s = sketch_all(k, data, center, basis, m);
        report_search(k, data, &s, 0, "float32");
        report_search(k, data, &s, 1, "int8");
        free_sketches(&s);
        rotated(basis, m, data->d, m, turned);
        s = sketch_all(k, data, center, turned, m);
        report_search(k, data, &s, 1, "int8, rotated");
        free_sketches(&s);
    }
    free(center), free(basis), free(turned);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bench-kernels FILE.f16\n");
        return 64;
    }
    const struct data_set families = families_of_copies(92, 101, DIMENSION, 7);
    report(&families);
    const struct data_set diverse = diverse_rows(argv[1], DIMENSION);
    if (diverse.row_count == 0) {
        fprintf(stderr, "error: %s holds no float16 rows of %d dimensions\n", argv[1], DIMENSION);
        return 1;
    }
    report(&diverse);
    return 0;
}
