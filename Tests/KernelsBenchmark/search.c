#include <math.h>
#include <stdlib.h>

#include "benchmark.h"

/* Exact distances between two looks at the threshold; distances between two looks at the worst of the nearest. */
enum { STEP = 16, BLOCK = 256 };

static int nearer(struct neighbor a, struct neighbor b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
}

void offer(struct nearest *nearest, struct neighbor candidate) {
    size_t place = nearest->count;
    if (place == K) {
        if (!nearer(candidate, nearest->best[K - 1])) return;
        place = K - 1;
    } else {
        nearest->count++;
    }
    for (; place > 0 && nearer(candidate, nearest->best[place - 1]); place--)
        nearest->best[place] = nearest->best[place - 1];
    nearest->best[place] = candidate;
}

float worst(const struct nearest *nearest) {
    return nearest->count == K ? nearest->best[K - 1].distance : INFINITY;
}

static struct nearest nearest_of(const struct lk_kernels *k, const float *distances, size_t n) {
    struct nearest nearest = {.count = 0};
    uint32_t rows[BLOCK];
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t block = n - i < BLOCK ? n - i : BLOCK;
        const size_t count = k->select(distances + i, block, worst(&nearest), (uint32_t)i, rows);
        for (size_t j = 0; j < count; j++) offer(&nearest, (struct neighbor){distances[rows[j]], rows[j]});
    }
    return nearest;
}

struct nearest scan(const struct lk_kernels *k, const struct data_set *data, const float *q, float *distances) {
    k->squared_l2_rows(q, data->rows, data->d, data->row_count, data->d, distances);
    return nearest_of(k, distances, data->row_count);
}

struct sketches sketch_all(
    const struct lk_kernels *k, const struct data_set *data, const float *center, const float *basis, size_t m) {
    const size_t n = data->row_count, d = data->d;
    struct sketches s = {.projection = {.basis = basis, .stride = d, .center = center, .m = m, .d = d}};
    s.heads = allocate(n * m * 4);
    s.tails = allocate(n * 4);
    s.codes = allocate(n * m);
    s.terms = allocate(n * sizeof *s.terms);
    s.scratch = allocate(lk_sketch_scratch(m, d) * 8);
    /* Rows and queries are L2-normalized: |x - mu| <= 1 + |mu| <= 2. */
    s.slack = 2 * lk_sketch_slack(lk_orthonormality_defect(k, &s.projection, s.scratch), 2);
    lk_sketch(k, &s.projection, data->rows, d, n, s.heads, m, s.tails, s.scratch);
    for (size_t i = 0; i < n; i++)
        lk_quantize_head(s.heads + i * m, s.tails[i], m, s.codes + i * m, s.terms + i);
    return s;
}

void free_sketches(struct sketches *s) {
    free(s->heads), free(s->tails), free(s->codes), free(s->terms), free(s->scratch);
}

/* Exact distances of rows[0..<n] into `nearest`. */
static void compute(
    const struct lk_kernels *k, const struct data_set *data, const float *q, const struct neighbor *rows, size_t n,
    struct nearest *nearest) {
    const float *addresses[STEP];
    float distances[STEP];
    for (size_t i = 0; i < n; i++) addresses[i] = data->rows + rows[i].row * data->d;
    k->squared_l2_gather(q, addresses, n, data->d, distances);
    for (size_t i = 0; i < n; i++) offer(nearest, (struct neighbor){distances[i], rows[i].row});
}

static int by_bound(const void *a, const void *b) {
    const struct neighbor x = *(const struct neighbor *)a, y = *(const struct neighbor *)b;
    return nearer(y, x) - nearer(x, y);
}

struct nearest search_by_sketch(
    const struct lk_kernels *k, const struct data_set *data, const struct sketches *s, int as_codes, const float *q,
    struct search_times *times) {
    const size_t m = s->projection.m, d = data->d, n = data->row_count;
    static float *bounds;
    static uint32_t *selected;
    static struct neighbor *candidates;
    if (!bounds) {
        bounds = allocate(n * 4), selected = allocate(n * 4), candidates = allocate(n * sizeof *candidates);
    }
    float head[2048], tail;
    int16_t codes[2048];
    struct lk_code_terms terms;
    const double start = now();
    lk_sketch(k, &s->projection, q, d, 1, head, m, &tail, s->scratch);
    const double sketched = now();
    if (as_codes) {
        lk_quantize_query(head, tail, m, codes, &terms);
        k->code_bounds(codes, &terms, s->codes, m, s->terms, n, m, bounds);
    } else {
        k->sketch_bounds(head, tail, s->heads, m, s->tails, n, m, bounds);
    }
    const struct nearest first = nearest_of(k, bounds, n);
    const double scanned = now();
    struct nearest nearest = {.count = 0};
    compute(k, data, q, first.best, first.count, &nearest);
    float threshold = lk_bound_threshold(worst(&nearest), s->slack, m, d);
    const size_t count = k->select(bounds, n, threshold, 0, selected);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const struct neighbor candidate = {bounds[selected[i]], selected[i]};
        if (nearer(first.best[first.count - 1], candidate)) candidates[left++] = candidate;
    }
    qsort(candidates, left, sizeof *candidates, by_bound);
    times->survivors = first.count;
    for (size_t i = 0; i < left && candidates[i].distance <= threshold; i += STEP) {
        const size_t step = left - i < STEP ? left - i : STEP;
        compute(k, data, q, candidates + i, step, &nearest);
        times->survivors += step;
        threshold = lk_bound_threshold(worst(&nearest), s->slack, m, d);
    }
    const double end = now();
    times->sketch = sketched - start, times->scan = scanned - sketched, times->exact = end - scanned;
    times->total = end - start;
    return nearest;
}
