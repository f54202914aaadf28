/* Frames of window functions, as ranges of rows; see window_int.h. */
#include "exec/window_int.h"

static uint32_t clamp(int64_t v, uint32_t from, uint32_t to) {
  return v < (int64_t)from ? from : v > (int64_t)to ? to : (uint32_t)v;
}

/* RANGE with an offset: where in [from, to) the order key passes row i's edge. Rows whose key is
** null stand apart at one end. */
static uint32_t range_edge(const mill_window_block *b, const mill_vector *edge, uint32_t i,
                           uint32_t from, uint32_t to, bool upper) {
  const mill_bound_sort *sort = &b->op->sorts[0];
  const mill_vector *key = &b->col[b->key[b->op->nkeys].column];
  uint32_t lo = from, hi = to;
  if (!mill_vector_valid(key, i)) return upper ? b->peer_stop[i] : b->peer[i];
  if (!mill_vector_valid(key, from)) lo = b->peer_stop[from];
  if (!mill_vector_valid(key, to - 1)) hi = b->peer[to - 1];
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int d = mill_vector_compare(key, mid, edge, i);
    if (sort->descending) d = -d;
    if (d < 0 || (upper && d == 0)) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

static uint32_t edge_of(const mill_window_block *b, const mill_window_call *c, uint32_t i,
                        uint32_t from, uint32_t to, bool upper) {
  const mill_op_window *w = c->w;
  mill_op_edge kind = upper ? w->to : w->from;
  if (kind == MILL_EDGE_UNBOUNDED) return upper ? to : from;
  if (kind == MILL_EDGE_CURRENT) return w->rows ? i + upper : upper ? b->peer_stop[i] : b->peer[i];
  if (!w->rows) return range_edge(b, upper ? c->to : c->from, i, from, to, upper);
  const mill_bound *v = upper ? w->to_value : w->from_value;
  int64_t offset = v->value ? *(const int64_t *)v->value->data : 0, at;
  if (__builtin_add_overflow((int64_t)i + upper, offset, &at)) return offset < 0 ? from : to;
  return clamp(at, from, to);
}

void mill_window_frames(const mill_window_block *b, const mill_window_call *c, uint32_t from,
                        uint32_t to, mill_frame *out) {
  for (uint32_t i = from; i < to; i++) {
    mill_frame *f = &out[i - from];
    f->from = edge_of(b, c, i, from, to, false);
    f->to = edge_of(b, c, i, from, to, true);
    if (f->to < f->from) f->to = f->from;
  }
}
