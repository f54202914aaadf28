/* Sorting of entries in a cache-sized bucket, once for each width. Included by sort_order.c with
** SORT_NAME(x), SORT_WORDS (words of the key) and SORT_ROW (1: the row follows; 0: it is in the low bits of
** the key, which nobody needs to sort by) defined.
**
** Stable. The bits in which the keys differ are found first; a least-significant-digit radix sort
** over the top 22 of them puts nearly all in place, and the few runs that are equal in those bits
** are sorted the same way by the bits below, by insertion when short. */

typedef struct SORT_NAME(entry) {
  uint64_t key[SORT_WORDS];
#if SORT_ROW
  uint64_t row;
#endif
} SORT_NAME(entry);

static inline bool SORT_NAME(less)(const SORT_NAME(entry) * a, const SORT_NAME(entry) * b) {
  for (int w = 0; w < SORT_WORDS - 1; w++)
    if (a->key[w] != b->key[w]) return a->key[w] < b->key[w];
  return a->key[SORT_WORDS - 1] < b->key[SORT_WORDS - 1];
}

static void SORT_NAME(insertion)(SORT_NAME(entry) * e, size_t n) {
  for (size_t i = 1; i < n; i++) {
    SORT_NAME(entry) x = e[i];
    size_t k = i;
    for (; k > 0 && SORT_NAME(less)(&x, &e[k - 1]); k--) e[k] = e[k - 1];
    e[k] = x;
  }
}

/* One pass by the digit of `bits` bits at `shift` of word w. */
static void SORT_NAME(pass)(const SORT_NAME(entry) * from, SORT_NAME(entry) * to, size_t n, int w,
                            int shift, uint32_t *count) {
  const uint64_t mask = (1u << DIGIT_BITS) - 1;
  uint32_t at = 0;
  memset(count, 0, sizeof *count << DIGIT_BITS);
  for (size_t i = 0; i < n; i++) count[from[i].key[w] >> shift & mask]++;
  for (size_t d = 0; d <= mask; d++) {
    uint32_t c = count[d];
    count[d] = at;
    at += c;
  }
  for (size_t i = 0; i < n; i++) to[count[from[i].key[w] >> shift & mask]++] = from[i];
}

/* Sort e[0..n); tmp has as much room. The bits of `rest` in the last word ascend where keys are equal. */
static void SORT_NAME(bucket)(SORT_NAME(entry) * e, SORT_NAME(entry) * tmp, size_t n, uint64_t rest,
                              uint32_t *count) {
  uint64_t differ[SORT_WORDS] = {0};
  bool sorted = true;
  if (n <= SHORT_RUN) {
    SORT_NAME(insertion)(e, n);
    return;
  }
  for (size_t i = 1; i < n; i++) {
    for (int w = 0; w < SORT_WORDS; w++) differ[w] |= e[i].key[w] ^ e[0].key[w];
    sorted &= !SORT_NAME(less)(&e[i], &e[i - 1]);
  }
  if (sorted) return;
  differ[SORT_WORDS - 1] &= ~rest;
  int w = 0;
  while (differ[w] == 0) w++;
  int top = 64 - __builtin_clzll(differ[w]), low = top > 2 * DIGIT_BITS ? top - 2 * DIGIT_BITS : 0;
  SORT_NAME(pass)(e, tmp, n, w, low, count);
  if (top - low > DIGIT_BITS) {
    SORT_NAME(pass)(tmp, e, n, w, low + DIGIT_BITS, count);
  } else {
    memcpy(e, tmp, n * sizeof *e);
  }
  if ((low == 0 || (differ[w] & ((1ull << low) - 1)) == 0) && w == SORT_WORDS - 1) return;
  for (size_t i = 0, k; i < n; i = k) {
    for (k = i + 1; k < n && e[k].key[w] >> low == e[i].key[w] >> low; k++) {
    }
    if (k - i > 1) SORT_NAME(bucket)(e + i, tmp, k - i, rest, count);
  }
}

static size_t SORT_NAME(find)(const SORT_NAME(entry) * splitter, size_t nsplitters,
                              const SORT_NAME(entry) * e) {
  size_t at = 0;
  for (size_t step = (nsplitters + 1) / 2; step; step /= 2)
    at += SORT_NAME(less)(e, &splitter[at + step - 1]) ? 0 : step;
  return at;
}

/* Which bucket each of n entries goes to; counts of buckets. */
static void SORT_NAME(classify)(const SORT_NAME(entry) * e, size_t n,
                                const SORT_NAME(entry) * splitter, size_t nsplitters,
                                uint16_t *bucket, uint32_t *count) {
  for (size_t i = 0; i < n; i++) {
    size_t b = SORT_NAME(find)(splitter, nsplitters, &e[i]);
    bucket[i] = (uint16_t)b;
    count[b]++;
  }
}

/* `to` is where each goes. */
static void SORT_NAME(scatter)(const SORT_NAME(entry) * e, size_t n, const uint16_t *bucket,
                               size_t *at, SORT_NAME(entry) * out, size_t *to) {
  for (size_t i = 0; i < n; i++) {
    to[i] = at[bucket[i]]++;
    out[to[i]] = e[i];
  }
}

/* Are entries in order already? */
static bool SORT_NAME(ordered)(const SORT_NAME(entry) * e, size_t n) {
  for (size_t i = 1; i < n; i++)
    if (SORT_NAME(less)(&e[i], &e[i - 1])) return false;
  return true;
}
