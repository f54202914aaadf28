/* Texts of pages; see page_int.h. Long ones are packed by a table of symbols (base/fsst.h), unless a sample
** says that it gains too little, or zstd, to which the container leaves what is not packed here, so much more
** that it is worth its time: a third of the bytes, where it takes three times as long. */
#include "base/fsst.h"
#include "snapshot/page_int.h"
#include "snapshot/snapshot_int.h"

enum {
  LEAST = 32 << 10, /* shorter texts are not worth a table */
  SAMPLE = 16 << 10,
};

/* ---- writing -------------------------------------------------------------------------------- */

/* Do they lie one after the other, as texts of a table often do? *p: where. */
static bool in_one_piece(const mill_str *const *s, size_t n, const char **p) {
  const char *from = NULL;
  size_t size = 0;
  for (size_t i = 0; i < n; i++) {
    const char *at = mill_str_data(s[i]);
    if (size == 0) from = at;
    if (at != from + size && s[i]->size) return false;
    size += s[i]->size;
  }
  *p = from;
  return true;
}

/* Bytes of all, runs of neighbours at once. */
static void copy_bytes(const mill_str *const *s, size_t n, char *to) {
  const char *from = NULL;
  size_t run = 0;
  for (size_t i = 0; i < n; i++) {
    const char *p = mill_str_data(s[i]);
    if (p != from + run || run == 0) {
      if (run) memcpy(to, from, run);
      to += run;
      from = p;
      run = 0;
    }
    run += s[i]->size;
  }
  if (run) memcpy(to, from, run);
}

/* How many bytes zstd makes of a sample: appended to `out` and taken away again. */
static mill_status zstd_size(mill_packer *z, const char *p, size_t n, mill_text *out, size_t *size,
                             mill_error *err) {
  size_t before = out->size;
  *size = n;
  if (!z) return MILL_OK;
  MILL_TRY(mill_packer_add(z, p, n, out, err));
  *size = out->size - before;
  out->size = before;
  return MILL_OK;
}

/* The table to pack with, or NULL: better not. */
static mill_status choose(const char *p, size_t n, mill_packer *z, mill_arena *scratch,
                          mill_text *out, const mill_fsst **table, mill_error *err) {
  const char *sample = p + (n - SAMPLE) / 3;
  size_t other;
  *table = NULL;
  MILL_TRY(zstd_size(z, sample, SAMPLE, out, &other, err));
  if (other >= SAMPLE / 10 * 9) return MILL_OK; /* noise */
  char *codes = mill_arena_take(scratch, 2 * SAMPLE + 8);
  const mill_fsst *f = mill_fsst_train(p, n, scratch);
  if (!codes || !f) return mill_oom(scratch->memory, 2 * SAMPLE, err);
  size_t size = mill_fsst_measure(f, sample, SAMPLE, codes);
  if (size < SAMPLE / 4 * 3 && size * 2 < other * 3) *table = f;
  return MILL_OK;
}

static mill_status put_packed(const mill_fsst *f, const char *p, size_t n, mill_text *out,
                              mill_error *err) {
  size_t head = out->size;
  MILL_TRY(mill_text_add(out, "\0\0\0\0", 4, err));
  MILL_TRY(mill_fsst_pack(f, p, n, out, err));
  snapshot_put(out->data + head, out->size - head - 4, 4);
  return MILL_OK;
}

/* Texts of LEAST bytes and more. */
static mill_status put_long(const mill_str *const *s, size_t n, size_t total, mill_packer *z,
                            mill_arena *scratch, mill_text *out, bool *packed, mill_error *err) {
  const char *p;
  const mill_fsst *f;
  if (!in_one_piece(s, n, &p)) {
    char *copy = mill_arena_take(scratch, total);
    if (!copy) return mill_oom(scratch->memory, total, err);
    copy_bytes(s, n, copy);
    p = copy;
  }
  MILL_TRY(choose(p, total, z, scratch, out, &f, err));
  *packed = f != NULL;
  return f ? put_packed(f, p, total, out, err) : mill_text_add(out, p, total, err);
}

mill_status mill_strings_put(const mill_str **s, size_t n, mill_packer *z, mill_arena *scratch,
                             mill_text *out, bool *packed, mill_error *err) {
  static const mill_str nothing;
  size_t total = 0;
  void *mem;
  *packed = false;
  MILL_TRY(page_room(scratch, n, sizeof(int64_t), err, &mem));
  int64_t *size = mem;
  for (size_t i = 0; i < n; i++) {
    if (!s[i]) s[i] = &nothing;
    size[i] = s[i]->size;
    total += s[i]->size;
  }
  MILL_TRY(mill_numbers_put(size, n, 4, scratch, out, err));
  if (total >= LEAST && total <= MILL_FSST_MOST)
    return put_long(s, n, total, z, scratch, out, packed, err);
  MILL_TRY(mill_text_reserve(out, total, err));
  copy_bytes(s, n, out->data + out->size);
  out->size += total;
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* As mill_str_view, of bytes with PAGE_SLACK readable behind them: no branch on the size within the
** first bytes. */
static inline void view(mill_str *s, const char *p, uint32_t size) {
  static const uint8_t ones[2 * MILL_STR_INLINE] = {255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255};
  const uint8_t *mask = ones + MILL_STR_INLINE - (size < MILL_STR_INLINE ? size : MILL_STR_INLINE);
  uint32_t head, head_mask;
  uint64_t tail, tail_mask;
  memcpy(&head, p, 4);
  memcpy(&tail, p + 4, 8);
  memcpy(&head_mask, mask, 4);
  memcpy(&tail_mask, mask + 4, 8);
  head &= head_mask;
  tail &= tail_mask;
  s->size = size;
  memcpy(s->prefix, &head, 4);
  if (size > MILL_STR_INLINE)
    s->u.ptr = p;
  else
    memcpy(s->u.rest, &tail, 8);
}

/* `total` bytes of text in the arena. A code gives at most eight bytes. */
static mill_status get_bytes(page_reader *r, uint64_t total, bool packed, const char **out) {
  void *mem;
  const char *p;
  size_t size = total;
  if (packed) {
    MILL_TRY(page_take(r, 4, 1, &p));
    size = snapshot_get(p, 4);
    if (total / 8 > size || total > MILL_FSST_MOST)
      return page_bad(r, "it holds less than it states");
  }
  MILL_TRY(page_take(r, size, 1, &p));
  MILL_TRY(page_room(r->arena, total, 1, r->err, &mem));
  *out = mem;
  if (!packed && size) memcpy(mem, p, size);
  if (packed && !mill_fsst_unpack(p, size, mem, total))
    return page_bad(r, "text that is malformed");
  memset((char *)mem + total, 0, PAGE_SLACK);
  return MILL_OK;
}

mill_status mill_strings_get(page_reader *r, size_t n, bool packed, mill_str *out) {
  void *mem;
  const char *p;
  uint64_t total = 0;
  MILL_TRY(page_number_room(r, r->scratch, n, 4, &mem));
  MILL_TRY(mill_numbers_get(r, n, 4, mem));
  const uint32_t *size = mem;
  for (size_t i = 0; i < n; i++) total += size[i];
  MILL_TRY(get_bytes(r, total, packed, &p));
  for (size_t i = 0; i < n; i++) {
    view(&out[i], p, size[i]);
    p += size[i];
  }
  return MILL_OK;
}
