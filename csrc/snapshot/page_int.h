/* Pages: the values of one column in one chunk as bytes, written by table files from version 2 on
** (column_int.h draws those before). A page is one vector of n values, depth first:
**
**     n u32 | nulls u8 | validity words, if nulls is 1 | values
**
**     nulls     0 none; 1 some, by the words; 2 all, and nothing follows; 3 by the codes of a dictionary
**     whole numbers, dates, times, BOOLEAN, FLOAT (its bits), DECIMAL of 8 bytes
**               numbers
**     DOUBLE    0 u8 | numbers (its bits), or
**               1 u8 | e u8 | k u32 | numbers x | k places u32 | k values: x / 10^e, or as listed
**     DECIMAL of 16 bytes
**               0 u8 | n values, or 1 u8 | numbers
**     INTERVAL  n values
**     strings   0 u8 | text, or
**               1 u8 | k u32 | text of k entries | numbers: the code of each value; of a null it is k
**               and with 2 more in the u8 (version 4) the text is packed
**     text      numbers: the sizes | the bytes of all, or
**               packed: numbers: the sizes | their size u32 | the bytes of all as base/fsst.h draws them
**     lists     numbers: the sizes | children, which hold the elements of all rows in order
**     structs   children of n values each
**
**     numbers   0 u8 | n values, or
**               1 u8 | base 8 | step 8 | bits u8 | packed x: base + step * x
**               2 u8 | first 8 | base 8 | bits u8 | packed x of n - 1: the one before + base + x
**               3 u8 | k u32 | numbers: k values | numbers: how often each stands (neither of kind 3)
**     packed    n of `bits` (0 to 56) each, lowest first, and 7 bytes 0; nothing for 0 bits
**
** Arithmetic is modulo the width of the type. What stands behind a null is the value before it, so
** equal columns make equal bytes and nothing of the process's memory gets out. Vectors of more than
** MILL_CHUNK values (elements of lists) spend at least a bit on each number: what a reader allocates
** is bounded by the bytes there are. Private to csrc/snapshot. */
#ifndef MILL_SNAPSHOT_PAGE_INT_H
#define MILL_SNAPSHOT_PAGE_INT_H

#include "column/chunk.h"
#include "snapshot/column_int.h"
#include "snapshot/table_int.h"

enum {
  PAGE_SLACK = 16, /* bytes that can be read behind a page */
  PAGE_NULLS_NONE = 0,
  PAGE_NULLS_SOME = 1,
  PAGE_NULLS_ALL = 2,
  PAGE_NULLS_CODED = 3,
  PAGE_PLAIN = 0, /* of values that know two forms */
  PAGE_SPECIAL = 1,
  PAGE_PACKED = 2, /* with either: the text is packed */
};

/* ---- writing -------------------------------------------------------------------------------- */

/* Append rows 0..n of any vector. Scratch memory is left to the arena. `z` packs with MILL_PACK_ZSTD, to
** tell which texts are better left to it; NULL: none. */
mill_status mill_page_put(const mill_vector *v, uint32_t n, mill_packer *z, mill_arena *scratch,
                          mill_text *out, mill_error *err) MILL_USE_RESULT;
/* Append numbers that come from `width` bytes each, by the kind that takes the fewest bits. */
mill_status mill_numbers_put(const int64_t *v, size_t n, int width, mill_arena *scratch,
                             mill_text *out, mill_error *err) MILL_USE_RESULT;
/* Append doubles; see page_double.c. */
mill_status mill_doubles_put(const double *v, size_t n, mill_arena *scratch, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* Append a text, of which s[i] may be NULL: an empty string; see page_strings.c. */
mill_status mill_strings_put(const mill_str **s, size_t n, mill_packer *z, mill_arena *scratch,
                             mill_text *out, bool *packed, mill_error *err) MILL_USE_RESULT;

/* ---- reading -------------------------------------------------------------------------------- */

/* A place in a page. CORRUPT_FILE comes with `wrong` set and no more said. */
typedef struct page_reader {
  const char *p, *end; /* PAGE_SLACK bytes more can be read */
  const char *wrong;
  mill_arena *arena, *scratch;
  table_strings strings;
  mill_error *err;
} page_reader;

/* One vector of n values. */
mill_status mill_page_get(page_reader *r, const mill_type *type, uint32_t n,
                          mill_vector *out) MILL_USE_RESULT;
mill_status mill_numbers_get(page_reader *r, size_t n, int width, void *out) MILL_USE_RESULT;
mill_status mill_doubles_get(page_reader *r, size_t n, double *out) MILL_USE_RESULT;
mill_status mill_strings_get(page_reader *r, size_t n, bool packed, mill_str *out) MILL_USE_RESULT;
/* The whole of section i as one page: rows 0..n in the arena, of what d->name says in errors. */
mill_status mill_page_load(const mill_snapshot *s, size_t i, const mill_type *type, uint32_t n,
                           table_strings strings, table_desk *d, mill_arena *a, mill_vector *out,
                           mill_error *err) MILL_USE_RESULT;

static inline mill_status page_bad(page_reader *r, const char *reason) {
  r->wrong = reason;
  return MILL_E_CORRUPT_FILE;
}

/* The next n items of `width` bytes. */
static inline mill_status page_take(page_reader *r, size_t n, size_t width, const char **out) {
  *out = r->p;
  if (n > (size_t)(r->end - r->p) / width) return page_bad(r, "it holds less than it states");
  r->p += n * width;
  return MILL_OK;
}

static inline mill_status page_byte(page_reader *r, uint8_t *out) {
  const char *p;
  MILL_TRY(page_take(r, 1, 1, &p));
  *out = (uint8_t)*p;
  return MILL_OK;
}

/* Memory for n items, not zeroed. */
static inline mill_status page_room(mill_arena *a, size_t n, size_t width, mill_error *err,
                                    void **out) {
  if (n > SIZE_MAX / 4 / width) return mill_oom(a->memory, SIZE_MAX, err);
  *out = mill_arena_take(a, n * width + PAGE_SLACK);
  return *out ? MILL_OK : mill_oom(a->memory, n * width, err);
}

/* Of many numbers each takes a bit at least. */
static inline mill_status page_enough(page_reader *r, size_t n) {
  bool few = n > MILL_CHUNK && n / 8 > (size_t)(r->end - r->p);
  return few ? page_bad(r, "it holds less than it states") : MILL_OK;
}

static inline mill_status page_number_room(page_reader *r, mill_arena *a, size_t n, size_t width,
                                           void **out) {
  MILL_TRY(page_enough(r, n));
  return page_room(a, n, width, r->err, out);
}

#endif
