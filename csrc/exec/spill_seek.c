/* Rows of a spilled run by number; see spill.h. The blocks read last stay, each as the columns of its
** pages: where several places move through a run together, each finds its rows here. */
#include "exec/spill.h"
#include "exec/spill_int.h"

typedef struct slot {
  bool full;
  size_t block;
  uint64_t first, stop, used; /* rows; when it was asked for last */
  mill_text raw;
  mill_arena arena;
  mill_vector *col; /* column c of page k: col[k * width + c] */
  uint64_t *page;   /* first row of each, and stop */
} slot;

struct mill_spill_seeker {
  const mill_spill_run *run;
  mill_text packed;
  uint64_t clock;
  slot slot[MILL_SPILL_SLOTS];
  slot *last;
};

mill_status mill_spill_seeker_new(const mill_spill_run *r, mill_spill_seeker **out,
                                  mill_error *err) {
  mill_memory *m = r->file->ctx->memory;
  mill_spill_seeker *s = mill_calloc(m, sizeof *s);
  *out = s;
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->run = r;
  s->last = &s->slot[0];
  mill_text_init(&s->packed, m);
  for (int i = 0; i < MILL_SPILL_SLOTS; i++) {
    mill_text_init(&s->slot[i].raw, m);
    mill_arena_init(&s->slot[i].arena, m);
  }
  return MILL_OK;
}

void mill_spill_seeker_free(mill_spill_seeker *s) {
  if (s == NULL) return;
  for (int i = 0; i < MILL_SPILL_SLOTS; i++) {
    mill_text_clear(&s->slot[i].raw);
    mill_arena_clear(&s->slot[i].arena);
  }
  mill_text_clear(&s->packed);
  mill_free(s->run->file->ctx->memory, s, sizeof *s);
}

static mill_status fill(mill_spill_seeker *s, slot *t, size_t block, mill_error *err) {
  const mill_spill_run *r = s->run;
  uint32_t width = r->file->schema->nfields, n = 0;
  t->full = false;
  mill_arena_reset(&t->arena);
  MILL_TRY(mill_spill_block_read(r, block, &s->packed, &t->raw, err));
  t->block = block;
  t->first = block ? r->block[block - 1].stop : 0;
  t->stop = r->block[block].stop;
  size_t pages = r->block[block].pages;
  t->col = mill_arena_take(&t->arena, (pages * width + 1) * sizeof *t->col);
  t->page = mill_arena_take(&t->arena, (pages + 1) * sizeof *t->page);
  if (t->col == NULL || t->page == NULL)
    return mill_oom(t->arena.memory, pages * width * sizeof *t->col, err);
  const char *at = t->raw.data;
  t->page[0] = t->first;
  for (size_t k = 0; k < pages; k++) {
    MILL_TRY(
        mill_spill_page_read(at, r->file->schema, t->col + k * width, &n, &at, &t->arena, err));
    t->page[k + 1] = t->page[k] + n;
  }
  t->full = true;
  return MILL_OK;
}

static size_t block_of(const mill_spill_run *r, uint64_t row) {
  size_t lo = 0, hi = r->nblocks;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (r->block[mid].stop <= row) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

static bool holds(const slot *t, uint64_t row) {
  return t->full && row >= t->first && row < t->stop;
}

static mill_status find(mill_spill_seeker *s, uint64_t row, mill_error *err) {
  slot *oldest = &s->slot[0];
  for (int i = 0; i < MILL_SPILL_SLOTS; i++) {
    slot *t = &s->slot[i];
    if (holds(t, row)) {
      s->last = t;
      return MILL_OK;
    }
    if (t->used < oldest->used) oldest = t;
  }
  s->last = oldest;
  return fill(s, oldest, block_of(s->run, row), err);
}

mill_status mill_spill_seek(mill_spill_seeker *s, uint64_t row, mill_spill_piece *out,
                            mill_error *err) {
  if (!holds(s->last, row)) MILL_TRY(find(s, row, err));
  slot *t = s->last;
  size_t page = 0;
  while (t->page[page + 1] <= row) page++;
  t->used = ++s->clock;
  out->col = t->col + page * s->run->file->schema->nfields;
  out->at = (uint32_t)(row - t->page[page]);
  out->n = (uint32_t)(t->page[page + 1] - row);
  return MILL_OK;
}
