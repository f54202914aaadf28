/* Frames of window functions, as ranges of rows; see window_int.h. Edges move on only, so that of a
** RANGE with an offset is found from that of the row before. */
#include "exec/window_int.h"

int mill_window_layout(const mill_op_window *w, mill_window_call *out) {
  int n = w->call.nargs;
  bool from = !w->rows && w->from_value, to = !w->rows && w->to_value;
  out->w = w;
  out->from = from ? n++ : -1;
  out->to = to ? n++ : -1;
  out->key = from || to ? n++ : -1;
  return n;
}

bool mill_window_same(const mill_sort_column *key, int n, const mill_vector *a, uint32_t i,
                      const mill_vector *b, uint32_t j) {
  for (int k = 0; k < n; k++)
    if (!mill_vector_equal(&a[key[k].column], i, &b[key[k].column], j)) return false;
  return true;
}

static uint32_t clamp(int64_t v, uint32_t from, uint32_t to) {
  return v < (int64_t)from ? from : v > (int64_t)to ? to : (uint32_t)v;
}

/* Where in the partition the order key passes row i's edge. Rows whose key is null stand apart at
** one end. */
static mill_status range_edge(const mill_window_block *b, mill_window_call *c,
                              const mill_window_span *s, uint32_t i, bool upper, uint32_t *out,
                              mill_error *err) {
  const mill_bound_sort *sort = &b->op->sorts[0];
  uint32_t *at = upper ? &c->upper : &c->lower;
  mill_spill_piece own, other;
  MILL_TRY(mill_window_find(&c->values, i, &own, err));
  if (!mill_vector_valid(&own.col[c->key], own.at)) {
    *out = upper ? b->peer_stop[i - b->base] : b->peer[i - b->base];
    return MILL_OK;
  }
  const mill_vector *edge = &own.col[upper ? c->to : c->from];
  for (; *at < s->to; ++*at) {
    MILL_TRY(mill_window_find(&c->values, *at, &other, err));
    const mill_vector *key = &other.col[c->key];
    if (!mill_vector_valid(key, other.at)) {
      if (sort->nulls_first) continue;
      break;
    }
    int d = mill_vector_compare(key, other.at, edge, own.at);
    if (sort->descending) d = -d;
    if (d > 0 || (d == 0 && !upper)) break;
  }
  *out = *at;
  return MILL_OK;
}

static mill_status edge_of(const mill_window_block *b, mill_window_call *c,
                           const mill_window_span *s, uint32_t i, bool upper, uint32_t *out,
                           mill_error *err) {
  const mill_op_window *w = c->w;
  mill_op_edge kind = upper ? w->to : w->from;
  uint32_t k = i - b->base;
  if (kind == MILL_EDGE_UNBOUNDED) {
    *out = upper ? s->to : s->from;
  } else if (kind == MILL_EDGE_CURRENT) {
    *out = w->rows ? i + upper : upper ? b->peer_stop[k] : b->peer[k];
  } else if (!w->rows) {
    return range_edge(b, c, s, i, upper, out, err);
  } else {
    const mill_bound *v = upper ? w->to_value : w->from_value;
    int64_t offset = v->value ? *(const int64_t *)v->value->data : 0, at;
    if (__builtin_add_overflow((int64_t)i + upper, offset, &at)) at = offset;
    *out = clamp(at, s->from, s->to);
  }
  return MILL_OK;
}

static mill_status frames(const mill_window_block *b, mill_window_call *c,
                          const mill_window_span *s, mill_frame *out, mill_error *err) {
  for (uint32_t i = s->first; i < s->stop; i++) {
    mill_frame *f = &out[i - s->first];
    MILL_TRY(edge_of(b, c, s, i, false, &f->from, err));
    MILL_TRY(edge_of(b, c, s, i, true, &f->to, err));
    if (f->to < f->from) f->to = f->from;
  }
  return MILL_OK;
}

mill_status mill_window_rows(mill_window_block *b, mill_window_call *c, const mill_window_span *s,
                             mill_error *err) {
  const mill_function *fn = c->w->call.fn;
  if (s->first == s->from) {
    c->lower = c->upper = c->low = c->at = s->from;
    c->dense = c->seen = 0;
  }
  if (mill_window_needs_frame(fn)) MILL_TRY(frames(b, c, s, b->frame, err));
  return mill_window_is_rank(fn) ? mill_window_rank(b, c, s, b->frame, err)
                                 : mill_window_aggregate(b, c, s, b->frame, err);
}
