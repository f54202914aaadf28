/* See parquet_codes.h. */
#include "io/parquet_codes.h"

enum { CODES_PAGE = 64 << 10 };

/* What there is now, at a place of its own if that is more than before. */
static mill_status show(parquet_codes *k, mill_error *err) {
  size_t bytes = (k->all.entries + 1ull) * sizeof *k->shown;
  if (k->shown && k->nshown == k->all.entries) return MILL_OK;
  mill_str *shown = mill_arena_take(&k->arena, bytes);
  if (shown == NULL) return mill_oom(k->arena.memory, bytes, err);
  memcpy(shown, k->all.data, k->all.entries * sizeof *shown);
  k->shown = shown;
  k->nshown = k->all.entries;
  return MILL_OK;
}

static mill_status begin(parquet_codes *k, const mill_type *type, mill_memory *m, mill_error *err) {
  if (k->coder) return MILL_OK;
  if (!k->arena.memory) mill_arena_init(&k->arena, m);
  return mill_coder_new(&k->all, type, MILL_BATCH, &k->arena, &k->coder, err);
}

/* The codes of n values, into `to`; *fits: there are as many codes. */
static mill_status add(parquet_codes *k, const mill_vector *v, uint32_t n, uint32_t *to, bool *fits,
                       mill_error *err) {
  k->all.size = 0; /* the list of codes begins anew, texts stay */
  MILL_TRY(mill_coder_append(k->coder, &k->all, v, NULL, n, &k->arena, fits, err));
  if (!*fits) return MILL_OK;
  memcpy(to, k->all.index, n * sizeof *to);
  return show(k, err);
}

mill_status mill_parquet_codes_chunk(parquet_codes *k, const mill_type *type, const mill_str *entry,
                                     uint32_t n, size_t page, mill_memory *m, mill_error *err) {
  const mill_vector v = {.type = type, .data = (void *)(uintptr_t)entry, .mask = MILL_FLAT};
  k->on = false;
  if (k->many) return MILL_OK;
  k->many = n > MILL_CODES || page > CODES_PAGE || (k->coder && k->all.type != type);
  if (k->many || n == 0) return MILL_OK;
  MILL_TRY(begin(k, type, m, err));
  MILL_TRY(add(k, &v, n, k->of, &k->on, err));
  k->on &= k->has_null || k->all.entries < MILL_CODES; /* a null may come */
  k->many = !k->on;
  return MILL_OK;
}

mill_status mill_parquet_codes_null(parquet_codes *k, mill_error *err) {
  mill_vector null;
  if (k->has_null) return MILL_OK;
  mill_vector_null(&null, k->all.type);
  return add(k, &null, 1, &k->null, &k->has_null, err);
}

void mill_parquet_codes_clear(parquet_codes *k) {
  if (k->arena.memory) mill_arena_clear(&k->arena);
  *k = (parquet_codes){0};
}
