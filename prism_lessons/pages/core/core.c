// The sampling loop for browsers. It does what generation/sampling_loop.py and linear_prediction.py do, in the same
// order and by the same names, so that the same random numbers give the same codes; docs/decisions.md says why there
// are two.
//
// A host calls, in this order:
//
//     room(bytes)       where to put the bytes that generation/page_model.py makes of a model
//     load(bytes)       1; or 0 if they are of another version, or memory is short
//     prepare(voices, most)    makes room for some voices, and for `most` samples in a call; 1, or 0 if memory is short
//     begin(voice, state, seed, number)    from the next whole frame on, the voice continues one of the model's states,
//                       with the random numbers of `np.random.default_rng([seed, number])`; before, its first state with
//                       those of [0, voice]
//     set_temperature(voice, temperature)
//     asked(voice)      where to write what is asked of the voice, float32: the share of each label, then, in a model with
//                       predictors, the level and the rise to head for; it holds from the next whole frame on, and is 0,
//                       nothing, before
//     play(samples)     makes so many samples of each voice
//     sound(voice)      where they are, float32
//
// What `room` takes is never given back: for another model, instantiate the core again.
//
// `make core` builds this file twice: for all browsers, and for those with relaxed SIMD, which has a multiply-add.
// There is no libc; exp and log are polynomials.

#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
#define INLINE static inline __attribute__((always_inline))
#define REORDER _Pragma("clang fp reassociate(on)")  // Numba's sums of float64 are in any order, too

typedef float Vector __attribute__((vector_size(16)));
typedef float Unaligned __attribute__((vector_size(16), aligned(4)));
typedef int32_t Bits __attribute__((vector_size(16)));
typedef double Pair __attribute__((vector_size(16)));

enum { VERSION = 3 };  // of what `load` reads: as in generation/page_model.py
enum { PANEL = 32, LANES = 16, WIDE = 4, PARTS = PANEL / WIDE, PAGE = 65536, NOTHING = -1 };

// The opcodes and columns of generation/sampling_loop.py.
enum { READ_FRAME, MATMUL, GRU, LSTM, EMBED, PREDICT, MIX_PREDICTIONS, SAMPLE, ADAPT, ASK, KEEP_LEVELS };
typedef struct {
    int32_t opcode, x, y, weights, inputs, panels, bias, conditioning, conditioning_step, relu, state, size, frame,
        sparse, cell, predictors, levels;
} Row;
typedef struct {
    int32_t first, last, frame, frame_above, only_logits;
} Section;

// The model, in the order of generation/page_model.py.
typedef struct {
    int32_t width, largest, levels, most_inputs, sections, vectors, recurrent, logits, guesses, predictors, filters,
        longest, adapted, book_order, book_block, chebyshev, level_steps, asked;
} Sizes;
typedef struct {
    double scale_decay, book_decay, level_decay, lasting_decay, floor, level_db, least_power, whitening, most_pole,
        silent_scale, least_scale, farthest, most_stretch, nearby, surprise, reach, swell, most_swell,
        widening, most_widening, waking, tilt, most_tilt, most_wider, slope, at_zero, mu, log_mu;
} Rules;
typedef struct {
    int32_t offset, size;
} Span;
typedef struct {
    int32_t order, block, place;
} Predictor;
static struct {
    const Sizes *sizes;
    const Rules *rules;
    const Row *table;
    const Section *sections;
    const Span *vectors;  // in `values`: what is kept from sample to sample
    const float *weights, *biases, *rows, *decoded;
    const Predictor *predictors;
    const double *fades, *edges;
    const float *edges32, *book;  // the book in panels, as weights are
    const int32_t *past;  // of each state to begin from, as are the next two
    const float *recurrent;
    const double *adapted;
} model;
enum { ARRAYS = sizeof model / sizeof(void *) };

// Offsets in `Voice.adapted`, as in linear_prediction.py. `FIRST` follows the levels' drift.
enum { COUNT, CHOSEN, POWER, LASTING_POWER, RISE_POWER, MOST_POWER, ASKED_POWER, ASKED_RISE, DRIFT };
#define FIRST (DRIFT + model.sizes->level_steps)

typedef struct {
    uint64_t high, low, step_high, step_low;
    uint32_t spare, spared;
} Chance;
typedef struct {
    float *values, *sound, *excitations, *filtered, *asked;
    int32_t *codes, *nonzero;
    double *samples, *adapted, *guesses, *scales, *likelihoods;
    int32_t found, next;  // inputs that are not 0; the state to begin from, or NOTHING
    uint32_t seed, number;
    float temperature;
    Chance chance;
} Voice;
static struct {
    Voice *voices;
    int32_t count, at;  // `at` counts samples from the last beginning of a largest frame
    double *matrix, *solution, *work;
} now;

// Memory

extern uint8_t __heap_base;
static uintptr_t used = (uintptr_t)&__heap_base;

// Memory that is 0, for arrays of any kind; the null pointer if there is none.
void *EXPORT(room)(uint32_t bytes) {
    uintptr_t start = (used + 63) / 64 * 64;
    uint64_t end = (uint64_t)start + bytes, size = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (end > size && __builtin_wasm_memory_grow(0, (end - size + PAGE - 1) / PAGE) == (uintptr_t)-1) return 0;
    used = end;
    return (void *)start;
}

// Float16 -> float32: the exponent's bias differs by 112.
static float *widened(const uint16_t *halves, int32_t count) {
    float *floats = room(4 * count);
    for (int32_t q = 0; floats && q < count; q++) {
        union { uint32_t bits; float number; } it = {(uint32_t)(halves[q] & 0x7FFF) << 13};
        floats[q] = it.number * 0x1p112f * (halves[q] & 0x8000 ? -1 : 1);
    }
    return floats;
}

int32_t EXPORT(load)(const uint8_t *bytes) {
    const int32_t *head = (const int32_t *)bytes;
    if (head[0] != VERSION || head[1] != ARRAYS) return 0;
    for (int32_t k = 0; k < ARRAYS; k++) {
        int32_t offset = head[2 + 2 * k], halves = head[3 + 2 * k];
        const void *array = bytes + offset;
        if (halves) array = widened(array, halves);
        if (!array) return 0;
        ((const void **)&model)[k] = array;
    }
    int32_t order = model.sizes->longest + 1;
    now.matrix = room(8 * order * order);
    now.solution = room(8 * order);
    now.work = room(8 * order);
    return now.matrix && now.solution && now.work;
}

// Samples that `Voice.samples` holds from before a call.
static int32_t lead(void) {
    return model.sizes->longest > model.sizes->largest ? model.sizes->longest : model.sizes->largest;
}

int32_t EXPORT(prepare)(int32_t voices, int32_t most) {
    const Sizes *sizes = model.sizes;
    int32_t codes = sizes->largest + most, guesses = 8 * sizes->guesses;
    now.voices = room(voices * sizeof(Voice));
    if (!now.voices) return 0;
    now.count = voices;
    for (int32_t number = 0; number < voices; number++) {
        Voice *voice = now.voices + number;
        *voice = (Voice){
            .values = room(4 * sizes->width), .sound = room(4 * most), .excitations = room(4 * codes),
            .filtered = room(4 * (sizes->filters + PANEL)), .codes = room(4 * codes),
            .nonzero = room(4 * (sizes->most_inputs + 1)), .samples = room(8 * (lead() + most)),
            .adapted = room(8 * sizes->adapted), .guesses = room(guesses), .scales = room(guesses),
            .likelihoods = room(guesses), .asked = room(4 * sizes->asked), .number = number,
            .temperature = 1,
        };
        if (!voice->values || !voice->sound || !voice->excitations || !voice->codes || !voice->samples) return 0;
    }
    return 1;
}

// Chance: NumPy's default generator, PCG64 (O'Neill 2014, https://www.pcg-random.org) from a `SeedSequence`.

static void multiply(uint64_t one, uint64_t other, uint64_t *high, uint64_t *low) {
    uint64_t a = one >> 32, b = (uint32_t)one, c = other >> 32, d = (uint32_t)other;
    uint64_t middle = a * d + (b * d >> 32), more = b * c + (uint32_t)middle;
    *high = a * c + (middle >> 32) + (more >> 32);
    *low = one * other;
}

static void add(Chance *chance, uint64_t high, uint64_t low) {
    chance->low += low;
    chance->high += high + (chance->low < low);
}

static void step(Chance *chance) {
    const uint64_t high = 0x2360ED051FC65DA4, low = 0x4385DF649FCCF645;
    uint64_t carried, product;
    multiply(chance->low, low, &carried, &product);
    chance->high = chance->high * low + chance->low * high + carried;
    chance->low = product;
    add(chance, chance->step_high, chance->step_low);
}

static uint32_t mixed(uint32_t value, uint32_t *hash, uint32_t multiplier) {
    value ^= *hash;
    *hash *= multiplier;
    value *= *hash;
    return value ^ value >> 16;
}

static void sow(Chance *chance, uint32_t seed, uint32_t number) {
    uint32_t pool[4], words[8], given[4] = {seed, number}, hash = 0x43B0D7E5;
    for (int k = 0; k < 4; k++) pool[k] = mixed(given[k], &hash, 0x931E8875);
    for (int from = 0; from < 4; from++)
        for (int to = 0; to < 4; to++)
            if (from != to) {
                uint32_t both = pool[to] * 0xCA01F9DD - mixed(pool[from], &hash, 0x931E8875) * 0x4973F715;
                pool[to] = both ^ both >> 16;
            }
    hash = 0x8B51F9DD;
    for (int k = 0; k < 8; k++) words[k] = mixed(pool[k % 4], &hash, 0x58F38DED);
    uint64_t *w = (uint64_t[4]){};
    for (int k = 0; k < 4; k++) w[k] = words[2 * k] | (uint64_t)words[2 * k + 1] << 32;
    *chance = (Chance){.step_high = w[2] << 1 | w[3] >> 63, .step_low = w[3] << 1 | 1};
    step(chance);
    add(chance, w[0], w[1]);
    step(chance);
}

static float draw(Chance *chance) {
    uint32_t bits = chance->spare;
    if (!chance->spared) {
        step(chance);
        uint64_t both = chance->high ^ chance->low, turn = chance->high >> 58;
        both = both >> turn | both << (-turn & 63);
        bits = (uint32_t)both;
        chance->spare = both >> 32;
    }
    chance->spared = !chance->spared;
    return (bits >> 8) * (1 / 16777216.0f);
}

// Arithmetic: see `_exp` and `_log` in sampling_loop.py.

INLINE Vector load4(const float *place) { return *(const Unaligned *)place; }
INLINE void store4(float *place, Vector x) { *(Unaligned *)place = x; }
INLINE Vector all(float x) { return (Vector){x, x, x, x}; }
INLINE Vector where(Bits which, Vector yes, Vector no) { return (Vector)((which & (Bits)yes) | (~which & (Bits)no)); }
INLINE Vector max4(Vector a, Vector b) { return where(a < b, b, a); }
INLINE Vector min4(Vector a, Vector b) { return where(b < a, b, a); }
INLINE Vector clip4(Vector x, float most) { return min4(max4(x, all(-most)), all(most)); }
INLINE Vector abs4(Vector x) { return (Vector)((Bits)x & 0x7FFFFFFF); }
INLINE float max1(float a, float b) { return a < b ? b : a; }
INLINE double within(double x, double least, double most) { return x < least ? least : x > most ? most : x; }

INLINE Vector multiply_add(Vector a, Vector b, Vector sum) {
#ifdef __wasm_relaxed_simd__
    return __builtin_wasm_relaxed_madd_f32x4(a, b, sum);  // rounded once, as Numba's
#else
    return sum + a * b;
#endif
}

INLINE Vector exp4(Vector x) {
    Vector n = __builtin_elementwise_floor(x * 1.44269504f + 0.5f), r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    Vector p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * (Vector)((__builtin_convertvector(n, Bits) + 127) << 23);
}

INLINE Vector log4(Vector x) {
    Vector exponent = __builtin_convertvector(((Bits)x >> 23) - 126, Vector);
    Vector m = (Vector)(((Bits)x & 0x7FFFFF) | 0x3F000000);
    Bits low = m < 0.707106781f;
    exponent = where(low, exponent - 1.0f, exponent);
    m = where(low, m + m - 1.0f, m - 1.0f);
    Vector p = all(7.0376836292e-2f), square = m * m;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * square + exponent * -2.12194440e-4f - 0.5f * square;
    return m + p + exponent * 0.693359375f;
}

INLINE Vector sigmoid4(Vector x) { return 1.0f / (1.0f + exp4(-clip4(x, 80))); }
INLINE Vector tanh4(Vector x) { return 1.0f - 2.0f / (1.0f + exp4(2.0f * clip4(x, 40))); }

// In float64, for what Numba leaves to the C library: the two agree to some 1e-16.
static double power_of_two(int32_t n) {
    union { uint64_t bits; double number; } it = {(uint64_t)(n + 1023) << 52};
    return it.number;
}

static double exp8(double x) {
    if (x < -708) return 0;
    double n = __builtin_floor(x * 1.4426950408889634 + 0.5);
    double r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10, p = 1;
    for (int k = 13; k; k--) p = 1 + p * r / k;
    return p * power_of_two(n);
}

static double log8(double x) {
    union { double number; uint64_t bits; } it = {x};
    int32_t exponent = (int32_t)(it.bits >> 52) - 1023;
    it.bits = (it.bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000;
    if (it.number > 1.4142135623730951) it.number /= 2, exponent++;
    double s = (it.number - 1) / (it.number + 1), square = s * s, sum = 0;
    for (int k = 21; k > 0; k -= 2) sum = sum * square + 1.0 / k;
    return exponent * 0.6931471803691238 + (exponent * 1.9082149292705877e-10 + 2 * s * sum);
}

static double sigmoid8(double x) { return 1 / (1 + exp8(-within(x, -700, 700))); }
static double tanh8(double x) { return 1 - 2 / (1 + exp8(2 * within(x, -40, 40))); }

// The recurrent tiers

static void read_frame(const Row *row, Voice *voice, int32_t number) {
    const int32_t *codes = voice->codes + model.sizes->largest + number - row->frame;
    const float *excitations = voice->excitations + model.sizes->largest + number - row->frame;
    float *y = voice->values + row->y, half = (float)row->levels / 2;
    for (int32_t q = 0; q < row->frame; q++) {
        y[q] = ((float)codes[q] / half - 1) * 2;
        if (row->predictors >= 0) y[row->frame + q] = excitations[q];
    }
}

// One panel of a product, on top of `sum`: with all inputs, or with those that are listed.
INLINE void add_products(Vector *sum, const float *weights, const float *x, int32_t count, const int32_t *listed) {
    for (int32_t n = 0; n < count; n++) {
        int32_t q = listed ? listed[n] : n;
        for (int k = 0; k < PARTS; k++) sum[k] = multiply_add(all(x[q]), load4(weights + q * PANEL + WIDE * k), sum[k]);
    }
}

static void matmul(const Row *row, int32_t phase) {
    const float *weights = model.weights + row->weights;
    int32_t conditioning = row->conditioning + phase * row->conditioning_step;
    for (Voice *voice = now.voices; row->sparse && voice < now.voices + now.count; voice++) {
        voice->found = 0;  // about half of the outputs of a ReLU are 0
        for (int32_t q = 0; q < row->inputs; q++) {
            voice->nonzero[voice->found] = q;
            voice->found += voice->values[row->x + q] > 0;
        }
    }
    for (int32_t panel = 0; panel < row->panels; panel++, weights += row->inputs * PANEL)
        for (Voice *voice = now.voices; voice < now.voices + now.count; voice++) {
            const float *x = voice->values + row->x, *bias = model.biases + row->bias + panel * PANEL;
            const float *above = voice->values + conditioning + panel * PANEL;
            float *y = voice->values + row->y + panel * PANEL;
            Vector sum[PARTS];
            for (int k = 0; k < PARTS; k++) {
                sum[k] = load4(bias + WIDE * k);
                if (row->conditioning >= 0) sum[k] += load4(above + WIDE * k);
            }
            if (row->sparse) add_products(sum, weights, x, voice->found, voice->nonzero);
            else add_products(sum, weights, x, row->inputs, 0);
            for (int k = 0; k < PARTS; k++) store4(y + WIDE * k, row->relu ? max4(sum[k], all(0)) : sum[k]);
        }
}

static void gru(const Row *row, float *values) {
    const float *x = values + row->x, *recurrent = values + row->y;
    float *state = values + row->state;
    int32_t size = row->size;
    for (int32_t q = 0; q < size; q += WIDE) {
        Vector update = sigmoid4(load4(x + q) + load4(recurrent + q));
        Vector reset = sigmoid4(load4(x + size + q) + load4(recurrent + size + q));
        Vector candidate = tanh4(load4(x + 2 * size + q) + reset * load4(recurrent + 2 * size + q));
        store4(state + q, update * load4(state + q) + (1.0f - update) * candidate);
    }
}

static void lstm(const Row *row, float *values) {
    const float *x = values + row->x, *recurrent = values + row->y;
    float *state = values + row->state, *cell = values + row->cell;
    for (int32_t q = 0; q < row->size; q += WIDE) {
        Vector gates[4];
        for (int k = 0; k < 4; k++) gates[k] = load4(x + k * row->size + q) + load4(recurrent + k * row->size + q);
        Vector kept = sigmoid4(gates[1]) * load4(cell + q) + sigmoid4(gates[0]) * tanh4(gates[2]);
        store4(cell + q, kept);
        store4(state + q, sigmoid4(gates[3]) * tanh4(kept));
    }
}

static void embed(const Row *row, Voice *voice, int32_t phase, int32_t number) {
    const int32_t *codes = voice->codes + model.sizes->largest + number - row->frame;
    const float *above = voice->values + row->conditioning + phase * row->conditioning_step;
    for (int32_t q = 0; q < row->size; q += PANEL) {
        Vector sum[PARTS];
        for (int k = 0; k < PARTS; k++) sum[k] = load4(above + q + WIDE * k);
        for (int32_t place = 0; place < row->frame; place++) {
            const float *rows = model.rows + row->weights + (place * row->levels + codes[place]) * row->size + q;
            for (int k = 0; k < PARTS; k++) sum[k] += load4(rows + WIDE * k);
        }
        for (int k = 0; k < PARTS; k++) store4(voice->values + row->y + q + WIDE * k, max4(sum[k], all(0)));
    }
}

// The predictors: see linear_prediction.py. `here` points at the sample that is predicted, or was played.

static int32_t is_stable(double *weights, int32_t order) {
    for (int32_t m = order; m; m--) {
        double reflection = weights[m];
        if (!(reflection < 1 && reflection > -1)) return 0;
        double rest = 1 / (1 - reflection * reflection);
        for (int32_t i = 1; i <= m / 2; i++) {
            double first = weights[i], second = weights[m - i];
            weights[i] = (first + reflection * second) * rest;
            if (i != m - i) weights[m - i] = (second + reflection * first) * rest;
        }
    }
    return 1;
}

static void stabilise(double *solution, int32_t order) {
    double narrow = 1, share = 0.0005;
    for (int attempt = 0; attempt < 12; attempt++, share *= 2) {
        double power = 1;
        for (int32_t i = 1; i <= order; i++) {
            power *= narrow / model.rules->most_pole;
            now.work[i] = solution[i] * power;
        }
        if (is_stable(now.work, order)) {
            power = 1;
            for (int32_t i = 1; i <= order; i++) solution[i] *= power *= narrow;
            return;
        }
        narrow *= 1 - share;
    }
    for (int32_t i = 1; i <= order; i++) solution[i] = 0;
}

static void solve_weights(const double *last, double fade, const double *products, double *weights, int32_t order) {
    REORDER
    double *matrix = now.matrix, *solution = now.solution, *turned = now.work, renew = 1 / fade, power = 0;
    int32_t width = model.sizes->longest + 1;
    for (int32_t lag = 0; lag <= order; lag++) matrix[lag] = products[lag];
    for (int32_t lag = 0; lag < order; lag++) turned[lag] = last[-lag];
    for (int32_t i = 0; i < order; i++) {
        const double *restrict above = matrix + i * width + i, *restrict past = turned + i;
        double *restrict row = matrix + (i + 1) * width + i + 1, loud = turned[i];
        for (int32_t j = 0; j < order - i; j++) row[j] = (above[j] - loud * past[j]) * renew;
    }
    for (int32_t i = 1; i <= order; i++) power += matrix[i * width + i];
    double extra = model.rules->whitening * (power > 0 ? power : 0) / order + model.rules->least_power;
    for (int32_t k = 1; k <= order; k++) {
        double *diagonal = matrix + k * width + k;
        solution[k] = matrix[k];
        *diagonal = *diagonal + extra > extra ? *diagonal + extra : extra;
    }
    for (int32_t k = 1; k <= order; k++) {
        double *row = matrix + k * width, pivot = row[k] = row[k] > 0.5 * extra ? row[k] : 0.5 * extra;
        for (int32_t i = k + 1; i <= order; i++) {
            double share = row[i] / pivot, *restrict below = matrix + i * width;
            const double *restrict beside = row;
            for (int32_t j = i; j <= order; j++) below[j] -= share * beside[j];
            solution[i] -= share * solution[k];
        }
    }
    for (int32_t k = order; k; k--) {
        double *row = matrix + k * width, total = solution[k];
        for (int32_t j = k + 1; j <= order; j++) total -= row[j] * solution[j];
        solution[k] = total / row[k];
    }
    stabilise(solution, order);
    for (int32_t i = 0; i < order; i++) weights[order - 1 - i] = solution[i + 1];
}

static double level_of(double power) {
    double step = model.sizes->level_steps;
    step += 10 * (log8(power > 1e-12 ? power : 1e-12) / 2.302585092994046) / model.rules->level_db;
    return (int32_t)within(step, 0, model.sizes->level_steps - 1.0);
}

static double least_scale(double guess, double slope, double at_zero) {
    double distance = guess < 0 ? -guess : guess;
    double share = distance < at_zero ? model.rules->silent_scale : model.rules->least_scale;
    return share * (slope * (distance < 1 ? distance : 1) + at_zero);
}

static double *errors_of(Voice *voice) { return voice->adapted + FIRST + 2 * model.sizes->guesses; }

static double guess_of_book(Voice *voice, const double *here, int32_t moment) {
    int32_t order = model.sizes->book_order, filters = model.sizes->filters;
    const float *book = model.book;
    float recent[order];
    for (int32_t i = 0; i < order; i++) recent[i] = here[i - order];
    for (int32_t q = 0; q < filters; q += PANEL, book += order * PANEL) {
        Vector sum[PARTS] = {};
        add_products(sum, book, recent, order, 0);
        for (int k = 0; k < PARTS; k++) store4(voice->filtered + q + WIDE * k, sum[k]);
    }
    if (moment % model.sizes->book_block == 0) {
        const double *errors = errors_of(voice);
        int32_t best = 0;
        for (int32_t q = 1; q < filters; q++) best = errors[q] < errors[best] ? q : best;
        voice->adapted[CHOSEN] = best;
    }
    int32_t chosen = voice->adapted[CHOSEN];
    book = model.book + chosen / PANEL * PANEL * order + chosen % PANEL;
    float guess = 0;  // each sum rounded once, as Numba's are on processors with a multiply-add
    for (int32_t i = 0; i < order; i++) guess = guess + (double)recent[i] * book[i * PANEL];
    return voice->filtered[chosen] = guess;
}

static void predict(Voice *voice, const double *here) {
    REORDER
    const Sizes *sizes = model.sizes;
    const Rules *rules = model.rules;
    double *adapted = voice->adapted, *guesses = voice->guesses;
    int32_t moment = adapted[COUNT];
    for (int32_t k = 0; k < sizes->predictors; k++) {
        int32_t order = model.predictors[k].order;
        double *products = adapted + model.predictors[k].place, *weights = products + order + 1, guess = 0;
        if (moment && moment % model.predictors[k].block == 0)
            solve_weights(here - 1, model.fades[k], products, weights, order);
        for (int32_t i = 0; i < order; i++) guess += weights[i] * here[i - order];
        guesses[k] = guess;
    }
    if (sizes->filters) guesses[sizes->guesses - 1] = guess_of_book(voice, here, moment);
    double wider = adapted[DRIFT + (int32_t)level_of(adapted[LASTING_POWER])], most = adapted[MOST_POWER];
    double damping = adapted[POWER] > most ? __builtin_sqrt(most / adapted[POWER]) : 1, least_of_all = 0;
    if (adapted[ASKED_POWER] > 0) {
        double heard = adapted[LASTING_POWER] > 1e-12 ? adapted[LASTING_POWER] : 1e-12;
        double behind = 0.5 * log8(adapted[ASKED_POWER] / heard);
        damping *= exp8(within(rules->swell * behind, -rules->most_swell, rules->most_swell));
        wider *= exp8(within(rules->widening * behind, -rules->most_widening, rules->most_widening));
        least_of_all = rules->waking * __builtin_sqrt(adapted[ASKED_POWER]) * within(behind, 0, 1);
    }
    double tilt = 0, flat = 1;
    if (adapted[ASKED_RISE] > 0 && adapted[LASTING_POWER] > rules->least_power) {
        double rise = adapted[RISE_POWER] / adapted[LASTING_POWER];
        tilt = rules->tilt * log8(adapted[ASKED_RISE] / (rise > 1e-6 ? rise : 1e-6));
        tilt = within(tilt, -rules->most_tilt, rules->most_tilt);
        flat = 1 - 0.5 * tilt * rise;
    }
    for (int32_t k = 0; k < sizes->guesses; k++) {
        if (tilt) guesses[k] = flat * guesses[k] + tilt * (guesses[k] - here[-1]);
        double guess = guesses[k] = within(damping * guesses[k], -rules->farthest, rules->farthest);
        double scale = wider * adapted[FIRST + k] / 1.3862943611198906;  // 2 ln 2
        double least = least_scale(guess, rules->slope, rules->at_zero);
        if (least < least_of_all) least = least_of_all;
        voice->scales[k] = scale > least ? scale : least;
        voice->likelihoods[k] = adapted[FIRST + sizes->guesses + k];
    }
}

static double most_likely(const Voice *voice) {
    const double *likelihoods = voice->likelihoods, *most = likelihoods;
    for (int32_t k = 1; k < model.sizes->guesses; k++) most = likelihoods[k] > *most ? likelihoods + k : most;
    return *most;
}

static float update(Voice *voice, const double *here, int32_t code) {
    const Sizes *sizes = model.sizes;
    const Rules *rules = model.rules;
    double *adapted = voice->adapted, *errors = adapted + FIRST, *likelihoods = errors + sizes->guesses;
    double sample = *here, most = most_likely(voice), trust = 0, expected = 0, spread = 0, decay = rules->scale_decay;
    for (int32_t k = 0; k < sizes->guesses; k++) {
        double weight = exp8(voice->likelihoods[k] - most);
        trust += weight;
        expected += weight * voice->guesses[k];
        spread += weight * voice->scales[k];
    }
    for (int32_t k = 0; k < sizes->guesses; k++) {
        double guess = voice->guesses[k], scale = voice->scales[k], off = sample - guess;
        double above = sigmoid8((model.edges[code + 1] - guess) / scale);
        double inside = above - sigmoid8((model.edges[code] - guess) / scale);
        double likelihood = log8((1 - rules->floor) * inside * sizes->levels + rules->floor);
        errors[k] = decay * errors[k] + (1 - decay) * (off < 0 ? -off : off);
        likelihoods[k] = decay * likelihoods[k] + likelihood;
    }
    double *filter_errors = errors_of(voice);
    for (int32_t q = 0; q < sizes->filters; q++) {
        double off = sample - voice->filtered[q];
        filter_errors[q] = rules->book_decay * filter_errors[q] + off * off;
    }
    for (int32_t k = 0; k < sizes->predictors; k++) {
        double *restrict products = adapted + model.predictors[k].place, fade = model.fades[k];
        for (int32_t lag = 0; lag <= model.predictors[k].order; lag++)
            products[lag] = fade * products[lag] + sample * here[-lag];
    }
    adapted[COUNT]++;
    decay = rules->level_decay;
    adapted[POWER] = decay * adapted[POWER] + (1 - decay) * sample * sample;
    decay = rules->lasting_decay;
    adapted[LASTING_POWER] = decay * adapted[LASTING_POWER] + (1 - decay) * sample * sample;
    double rise = sample - here[-1];
    adapted[RISE_POWER] = decay * adapted[RISE_POWER] + (1 - decay) * rise * rise;
    return tanh8((sample - expected / trust) * trust / spread / 4);
}

// What the network makes of their guesses: see sampling_loop.py.

static float companded(double x) {
    float sample = within(x, -1, 1), mu = model.rules->mu;
    if (!mu) return sample;
    float far = (float)log8(1 + (double)(mu * (sample < 0 ? -sample : sample))) / (float)model.rules->log_mu;
    return sample > 0 ? far : -far;
}

static void predict_features(const Row *row, Voice *voice, int32_t number) {
    int32_t polynomials = model.sizes->chebyshev;
    const float *excitations = voice->excitations + model.sizes->largest + number - row->frame;
    float *y = voice->values + row->y;
    predict(voice, voice->samples + lead() + number);
    for (int32_t k = 0; k < model.sizes->guesses; k++) {
        float likelihood = voice->likelihoods[k], first = voice->likelihoods[0], scale = voice->scales[k];
        y[0] = (float)log8(scale) / 4 + 1;
        y[1] = tanh4(all(k ? (likelihood - first) / 4 : likelihood / 8))[0];
        float place = companded(voice->guesses[k]), previous = 1, polynomial = place;
        for (int32_t q = 0; q < polynomials; q++) {
            float next = 2 * place * polynomial - previous;
            y[2 + q] = previous = polynomial;
            polynomial = next;
        }
        y += 2 + polynomials;
    }
    for (int32_t q = 0; q < row->frame; q++) {
        y[q] = excitations[q];
        y[row->frame + q] = excitations[q] < 0 ? -excitations[q] : excitations[q];
    }
}

// The first edge that is not below x.
static int32_t edge_from(float x) {
    int32_t low = 0, high = model.sizes->levels + 1;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (model.edges32[middle] < x) low = middle + 1;
        else high = middle;
    }
    return low;
}

static float surprise_centre(const Voice *voice) {
    double most = most_likely(voice), total = 0, centre = 0;
    int32_t levels = model.sizes->levels;
    for (int32_t k = 0; k < model.sizes->guesses; k++) {
        double weight = exp8(voice->likelihoods[k] - most);
        total += weight;
        centre += weight * voice->guesses[k];
    }
    return companded(centre / total) * (float)((levels - 1) / 2) + (float)(levels / 2);
}

// Add the mass of one guess to the probabilities of the codes that it reaches.
static void add_guess(float *probabilities, float *tails, float mean, float inverse_scale, float weight) {
    const float *edges = model.edges32;
    float reach = model.rules->reach;
    int32_t low = edge_from(mean - reach / inverse_scale) - 1, high = edge_from(mean + reach / inverse_scale);
    low = low > 0 ? low : 0;
    high = high < model.sizes->levels ? high : model.sizes->levels;
    for (int32_t q = low; q <= high; q += WIDE) {
        Vector distance = (load4(edges + q) - mean) * inverse_scale, tail = sigmoid4(-abs4(distance));
        store4(tails + q, where(distance > 0.0f, -tail, tail));
    }
    for (int32_t q = low; q < high; q += WIDE) {
        Vector lower = load4(tails + q), upper = load4(tails + q + 1);
        Bits holds_mean = (lower > 0.0f) & (upper <= 0.0f), reached = (Bits){q, q + 1, q + 2, q + 3} < high;
        Vector mass = weight * where(holds_mean, 1.0f - lower + upper, abs4(upper - lower));
        store4(probabilities + q, load4(probabilities + q) + (Vector)(reached & (Bits)mass));
    }
}

static void mix_predictions(const Row *row, Voice *voice) {
    const Rules *rules = model.rules;
    int32_t guesses = model.sizes->guesses;
    float *logits = voice->values + row->x, *adjustments = logits + row->size, *probabilities = voice->values + row->y;
    float *weights = voice->values + row->cell, most = adjustments[3 * guesses], total = 0, levels = row->levels;
    float temperature = voice->temperature;
    for (int32_t k = 0; k < guesses; k++) {
        weights[k] = adjustments[3 * k + 2] + (float)voice->likelihoods[k];
        most = max1(most, weights[k]);
    }
    weights[guesses] = adjustments[3 * guesses];
    for (int32_t k = 0; k <= guesses; k++) {
        weights[k] = exp4(all(max1((weights[k] - most) / temperature, -87)))[0];
        total += weights[k];
    }
    for (int32_t q = 0; q < row->size; q += WIDE) store4(probabilities + q, all(weights[guesses] / total / levels));
    for (int32_t k = 0; k < guesses; k++) {
        float weight = weights[k] / total, guess = voice->guesses[k], scale = voice->scales[k];
        if (weight < 1e-9f) continue;
        float least = least_scale(guess, (float)rules->slope, (float)rules->at_zero);
        float mean = guess + scale * adjustments[3 * k];
        float stretch = exp4(clip4(all(adjustments[3 * k + 1]), rules->most_stretch))[0];
        add_guess(probabilities, probabilities + row->size, mean, 1 / max1(scale * stretch, least), weight);
    }
    float centre = surprise_centre(voice), width = levels / (float)rules->nearby;
    float peak = 1 / (3.14159265358979f * width);
    Vector surprised = sigmoid4(all((adjustments[3 * guesses + 1] + (float)rules->surprise) / temperature));
    for (int32_t q = 0; q < row->size; q += WIDE) {
        Vector distance = ((Vector){q, q + 1, q + 2, q + 3} - centre) / width, probability = load4(probabilities + q);
        Vector surprise = peak / (1.0f + distance * distance);
        Vector more = log4(probability + surprised * (surprise - probability));
        store4(logits + q, load4(logits + q) + temperature * more);
    }
}

static void adapt(Voice *voice, int32_t number) {
    int32_t code = voice->codes[model.sizes->largest + number];
    double *sample = voice->samples + lead() + number;
    *sample = model.decoded[code];
    voice->excitations[model.sizes->largest + number] = update(voice, sample, code);
}

// The choice of a code

// The sum of LANES masses, in float64, so that its order does not matter.
INLINE double mass_of(const float *z) {
    Pair sum = {};
    for (int q = 0; q < LANES; q += 2) sum += (Pair){z[q], z[q + 1]};
    return sum[0] + sum[1];
}

static int32_t sample(const Row *row, Voice *voice) {
    const float *logits = voice->values + model.sizes->logits;
    float *z = voice->values + row->y;
    Vector most4 = load4(logits);
    for (int32_t q = WIDE; q < row->size; q += WIDE) most4 = max4(most4, load4(logits + q));
    float most = max1(max1(most4[0], most4[1]), max1(most4[2], most4[3])), freedom = 1 / voice->temperature;
    double total = 0, below = 0;
    for (int32_t q = 0; q < row->size; q += WIDE)
        store4(z + q, exp4(max4((load4(logits + q) - most) * freedom, all(-87))));
    for (int32_t block = 0; block < row->size; block += LANES) total += mass_of(z + block);
    double target = draw(&voice->chance) * total;
    int32_t block = 0;
    for (; block < row->size - LANES; block += LANES) {
        double mass = mass_of(z + block);
        if (below + mass > target) break;
        below += mass;
    }
    int32_t last = (block + LANES < row->levels ? block + LANES : row->levels) - 1, code = block < last ? block : last;
    for (; code < last; code++) {
        below += z[code];
        if (below > target) break;
    }
    return code;
}

// What is asked of a voice: labels for the network, level and rise for its predictors.
static void ask(const Row *row, Voice *voice) {
    for (int32_t q = 0; q < row->size; q++) voice->values[row->y + q] = voice->asked[row->x + q];
    if (!model.sizes->guesses) return;
    const float *asked = voice->asked + row->x + row->size;
    voice->adapted[ASKED_POWER] = (double)asked[0] * asked[0];
    voice->adapted[ASKED_RISE] = asked[1];
}

// The drifts of the scales; the weighted sum over labels has been made.
static void keep_levels(const Row *row, Voice *voice) {
    double most = model.rules->most_wider;
    for (int32_t q = 0; q < row->size; q++)
        voice->adapted[DRIFT + q] = within(voice->values[row->x + q], 1 / most, most);
}

// The loop

static void run(const Row *row, Voice *voice, int32_t phase, int32_t number) {
    int32_t code;
    switch (row->opcode) {
    case READ_FRAME: read_frame(row, voice, number); break;
    case ASK: ask(row, voice); break;
    case KEEP_LEVELS: keep_levels(row, voice); break;
    case GRU: gru(row, voice->values); break;
    case LSTM: lstm(row, voice->values); break;
    case EMBED: embed(row, voice, phase, number); break;
    case PREDICT: predict_features(row, voice, number); break;
    case MIX_PREDICTIONS: mix_predictions(row, voice); break;
    case ADAPT: adapt(voice, number); break;
    case SAMPLE:
        code = voice->codes[model.sizes->largest + number] = sample(row, voice);
        voice->sound[number] = model.decoded[code];
    }
}

static void enter(Voice *voice, int32_t number) {
    const Sizes *sizes = model.sizes;
    const int32_t *past = model.past + voice->next * sizes->largest;
    const float *recurrent = model.recurrent + voice->next * sizes->recurrent;
    const double *adapted = model.adapted + voice->next * sizes->adapted;
    for (int32_t q = 0; q < sizes->largest; q++) voice->codes[number + q] = past[q];
    for (const Span *vector = model.vectors; vector < model.vectors + sizes->vectors; vector++)
        for (int32_t q = 0; q < vector->size; q++) voice->values[vector->offset + q] = *recurrent++;
    if (sizes->guesses) {  // the newest samples and excitations are the end of the predictors' state
        const double *excitations = adapted + sizes->adapted - sizes->largest, *samples = excitations - sizes->longest;
        for (int32_t q = 0; q < sizes->adapted; q++) voice->adapted[q] = adapted[q];
        for (int32_t q = 0; q < sizes->longest; q++) voice->samples[lead() - sizes->longest + number + q] = samples[q];
        for (int32_t q = 0; q < sizes->largest; q++) voice->excitations[number + q] = excitations[q];
    }
    sow(&voice->chance, voice->seed, voice->number);
    voice->next = NOTHING;
}

void EXPORT(begin)(int32_t voice, int32_t state, uint32_t seed, uint32_t number) {
    now.voices[voice].next = state;
    now.voices[voice].seed = seed;
    now.voices[voice].number = number;
}

void EXPORT(set_temperature)(int32_t voice, float temperature) { now.voices[voice].temperature = temperature; }

float *EXPORT(asked)(int32_t voice) { return now.voices[voice].asked; }

float *EXPORT(sound)(int32_t voice) { return now.voices[voice].sound; }

void EXPORT(play)(int32_t samples) {
    const Sizes *sizes = model.sizes;
    for (int32_t number = 0; number < samples; number++, now.at = (now.at + 1) % sizes->largest) {
        for (Voice *voice = now.voices; !now.at && voice < now.voices + now.count; voice++)
            if (voice->next != NOTHING) enter(voice, number);
        for (const Section *section = model.sections; section < model.sections + sizes->sections; section++) {
            if (now.at % section->frame) continue;
            int32_t phase = now.at % section->frame_above / section->frame;
            for (const Row *row = model.table + section->first; row < model.table + section->last; row++) {
                if (row->opcode == MATMUL) {
                    matmul(row, phase);
                    continue;
                }
                for (Voice *voice = now.voices; voice < now.voices + now.count; voice++)
                    run(row, voice, phase, number);
            }
        }
    }
    for (Voice *voice = now.voices; voice < now.voices + now.count; voice++) {
        for (int32_t q = 0; q < sizes->largest; q++) voice->codes[q] = voice->codes[samples + q];
        for (int32_t q = 0; q < sizes->largest; q++) voice->excitations[q] = voice->excitations[samples + q];
        for (int32_t q = 0; q < lead(); q++) voice->samples[q] = voice->samples[samples + q];
    }
}
