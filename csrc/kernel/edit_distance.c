/* See edit_distance.h. The rows are the characters of the text that has 64 at most, if one has; else they are cut
** into blocks of 64, one after the other: what a block tells the next, the difference at its last row in each
** column, lies in a byte a column. */
#include "kernel/edit_distance.h"

#include "base/utf8.h"

/* ---- masks ---------------------------------------------------------------------------------- */

static int32_t next_char(bytes s, size_t *at) {
  int length = 1;
  int32_t c = (uint8_t)s.p[*at];
  if (c >= 0x80) c = mill_utf8_decode(s.p + *at, s.n - *at, &length);
  *at += (size_t)length;
  return c;
}

static uint32_t slot_of(const mill_edit_masks *m, int32_t c) {
  uint32_t k = (uint32_t)c * 0x9e3779b1u >> 25;
  while (m->key[k] && m->key[k] != c) k = (k + 1) % MILL_EDIT_SLOTS;
  return k;
}

static inline uint64_t mask_of(const mill_edit_masks *m, int32_t c) {
  return c < 0x80 ? m->ascii[c] : m->other[slot_of(m, c)];
}

static void clear_masks(mill_edit_masks *m) {
  bool ascii = true;
  for (size_t k = 0; k < m->rows.n; k++) {
    uint8_t c = (uint8_t)m->rows.p[k];
    ascii &= c < 0x80;
    if (c < 0x80) m->ascii[c] = 0;
  }
  if (!ascii) memset(m->key, 0, sizeof m->key), memset(m->other, 0, sizeof m->other);
}

/* The rows of a text from byte *at on, 64 at most, which end there then. */
static void set_rows(mill_edit_masks *m, bytes s, size_t *at) {
  size_t from = *at;
  int rows = 0;
  clear_masks(m);
  for (; *at < s.n && rows < MILL_EDIT_ROWS; rows++) {
    int32_t c = next_char(s, at);
    if (c < 0x80) {
      m->ascii[c] |= 1ull << rows;
      continue;
    }
    uint32_t k = slot_of(m, c);
    m->key[k] = c;
    m->other[k] |= 1ull << rows;
  }
  m->rows = (bytes){s.p + from, *at - from};
  m->count = rows;
}

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct column {
  uint64_t up, down; /* rows whose number is one more than that above, one less */
  int last;          /* the last row */
} column;

/* The next column: `equal` has the rows of its character, `in` is how the number above the first row changes; how
** that at the last row does. */
static inline int step(column *c, uint64_t equal, int in) {
  uint64_t any = equal | c->down;
  equal |= in < 0;
  uint64_t along = (((equal & c->up) + c->up) ^ c->up) | equal;
  uint64_t more = c->down | ~(along | c->up), less = c->up & along;
  int out = (int)(more >> c->last & 1) - (int)(less >> c->last & 1);
  more = more << 1 | (in > 0);
  less = less << 1 | (in < 0);
  c->up = less | ~(any | more);
  c->down = more & any;
  return out;
}

static column first_column(int rows) { return (column){.up = ~0ull, .last = rows - 1}; }

/* All rows in one block: the number above the first is that of the column. */
static int32_t one_block(const mill_edit_masks *m, bytes b) {
  column c = first_column(m->count);
  int32_t edits = m->count;
  for (size_t at = 0; at < b.n;) edits += step(&c, mask_of(m, next_char(b, &at)), 1);
  return edits;
}

/* `change` has a byte for each byte of b at least. */
static mill_status blocks(mill_edit_masks *m, bytes a, bytes b, int8_t *change, int32_t *out,
                          mill_error *err) {
  size_t columns = 0, work = 0;
  *out = 0;
  memset(change, 1, b.n);
  for (size_t from = 0; from < a.n;) {
    set_rows(m, a, &from);
    column c = first_column(m->count);
    *out += m->count;
    columns = 0;
    for (size_t at = 0; at < b.n; columns++) {
      change[columns] = (int8_t)step(&c, mask_of(m, next_char(b, &at)), change[columns]);
      if (++work % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
    }
  }
  for (size_t k = 0; k < columns; k++) *out += change[k];
  return MILL_OK;
}

static bool fits(bytes s) {
  return s.n <= MILL_EDIT_ROWS ||
         (s.n <= 4 * MILL_EDIT_ROWS && mill_utf8_count(s.p, s.n) <= MILL_EDIT_ROWS);
}

mill_status mill_edit_distance(mill_call *call, mill_edit_masks *m, bytes a, bytes b, int32_t *out,
                               mill_error *err) {
  bool turned = !fits(b) && fits(a);
  bytes rows = turned ? a : b, columns = turned ? b : a;
  size_t at = 0;
  if (rows.n == 0) {
    *out = (int32_t)mill_utf8_count(columns.p, columns.n);
    return MILL_OK;
  }
  if (fits(rows) && columns.n <= TEXT_WATCHED) {
    if (rows.p != m->rows.p || rows.n != m->rows.n) set_rows(m, rows, &at);
    *out = one_block(m, columns);
    return MILL_OK;
  }
  int8_t *change = mill_arena_alloc(call->arena, columns.n + 1);
  if (change == NULL) return mill_oom(call->arena->memory, columns.n, err);
  return blocks(m, rows, columns, change, out, err);
}
