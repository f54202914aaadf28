/* Split block Bloom filters, as BloomFilter.md of apache/parquet-format has them.
**
** The upper half of a value's XXH64 chooses a block of eight 32-bit words, the lower half times eight
** odd numbers a bit in each. Since the block is taken from the top of the hash, two neighbouring blocks
** of a filter, one laid over the other, are the block of a filter half as large. */
#include <math.h>

#include "base/hash.h"
#include "io/parquet_write_int.h"

enum { BLOCK_WORDS = 8, BLOCK_BYTES = 32 };

static const uint32_t salt[BLOCK_WORDS] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                           0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

uint32_t mill_parquet_bloom_size(uint64_t values, double fpp, uint32_t most) {
  double bits = -8.0 * (double)values / log(1 - pow(fpp, 1.0 / 8));
  uint32_t n = BLOCK_BYTES;
  while (n < most / 2 + 1 && n * 8.0 < bits) n *= 2;
  return n;
}

mill_status mill_parquet_bloom_init(parquet_bloom_filter *f, mill_memory *m, size_t bytes,
                                    mill_error *err) {
  *f = (parquet_bloom_filter){.memory = m, .bytes = bytes};
  f->word = mill_calloc(m, bytes);
  return f->word ? MILL_OK : mill_oom(m, bytes, err);
}

void mill_parquet_bloom_clear(parquet_bloom_filter *f) {
  if (f->word) mill_free(f->memory, f->word, f->bytes);
  f->word = NULL;
}

void mill_parquet_bloom_reset(parquet_bloom_filter *f) { memset(f->word, 0, f->bytes); }

static void set(parquet_bloom_filter *f, uint64_t hash) {
  uint32_t *block = f->word + ((hash >> 32) * (f->bytes / BLOCK_BYTES) >> 32) * BLOCK_WORDS;
  for (int i = 0; i < BLOCK_WORDS; i++) block[i] |= 1u << ((uint32_t)hash * salt[i] >> 27);
}

void mill_parquet_bloom_add(parquet_bloom_filter *f, const parquet_write_leaf *leaf,
                            const void *value, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const char *p = (const char *)value + i * leaf->width;
    size_t size = leaf->width;
    if (size == 0) {
      const mill_str *s = (const mill_str *)value + i;
      p = mill_str_data(s);
      size = s->size;
    }
    set(f, (uint64_t)mill_xxh64_bytes(p, size, 0));
  }
}

/* The share of bits that are set tells what an absent value meets: all of its eight bits set. */
static double false_positives(const parquet_bloom_filter *f, size_t bytes) {
  size_t step = f->bytes / bytes * BLOCK_WORDS, ones = 0;
  for (size_t b = 0; b < f->bytes / sizeof(uint32_t); b += step)
    for (size_t w = 0; w < BLOCK_WORDS; w++) {
      uint32_t all = 0;
      for (size_t k = 0; k < step; k += BLOCK_WORDS) all |= f->word[b + k + w];
      ones += (size_t)__builtin_popcount(all);
    }
  return pow((double)ones / (8.0 * (double)bytes), 8);
}

size_t mill_parquet_bloom_fold(parquet_bloom_filter *f, double fpp) {
  size_t bytes = f->bytes;
  while (bytes > BLOCK_BYTES && false_positives(f, bytes / 2) <= fpp) bytes /= 2;
  size_t step = f->bytes / bytes * BLOCK_WORDS, to = 0;
  for (size_t b = 0; b < f->bytes / sizeof(uint32_t); b += step)
    for (size_t w = 0; w < BLOCK_WORDS; w++) {
      uint32_t all = 0;
      for (size_t k = 0; k < step; k += BLOCK_WORDS) all |= f->word[b + k + w];
      f->word[to++] = all;
    }
  return bytes;
}
