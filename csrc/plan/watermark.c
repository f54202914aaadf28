/* withWatermark: which column of a stream tells event time, and how late rows may come.
**
** The column carries the delay in its metadata, as in Spark, so that other names for it, windows
** over it and keys of groups are known as event times wherever they go. Over tables a watermark
** means nothing. Spark: EventTimeWatermark. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan_int.h"

#define DELAY_KEY "\"spark.watermarkDelayMs\":"

bool mill_watermark_of(const char *metadata, int64_t *millis) {
  const char *at = metadata ? strstr(metadata, DELAY_KEY) : NULL;
  if (at && millis) *millis = strtoll(at + strlen(DELAY_KEY), NULL, 10);
  return at != NULL;
}

/* The metadata without a delay, as the members of an object: "" or "a":1,.. */
static const char *other_metadata(mill_planner *w, const char *metadata) {
  if (metadata == NULL || metadata[0] != '{') return "";
  const char *at = strstr(metadata, DELAY_KEY), *end = metadata + strlen(metadata) - 1;
  if (at == NULL) return mill_w_copy(w, metadata + 1, (size_t)(end - metadata - 1));
  const char *rest = at + strlen(DELAY_KEY);
  rest += strspn(rest, "-0123456789");
  if (*rest == ',')
    rest++;
  else if (at > metadata + 1)
    at--; /* the comma before */
  return mill_w_printf(w, "%.*s%.*s", (int)(at - metadata - 1), metadata + 1, (int)(end - rest),
                       rest);
}

/* A copy of the column with this delay, < 0: without one. */
static const mill_expr *with_delay(mill_planner *w, const mill_expr *c, int64_t millis) {
  mill_expr *o = mill_x_copy(w, c);
  const char *others = other_metadata(w, c->metadata);
  if (o == NULL || others == NULL) return NULL;
  o->metadata = NULL;
  if (millis >= 0)
    o->metadata =
        mill_w_printf(w, "{" DELAY_KEY "%lld%s%s}", (long long)millis, *others ? "," : "", others);
  else if (*others)
    o->metadata = mill_w_printf(w, "{%s}", others);
  return w->status == MILL_OK ? o : NULL;
}

static bool is_event_time(const mill_type *t) {
  if (t->id == MILL_TIMESTAMP) return true;
  for (uint32_t i = 0; t->id == MILL_STRUCT && i < t->nfields; i++)
    if (strcmp(t->fields[i].name, "end") == 0 && t->fields[i].type->id == MILL_TIMESTAMP)
      return true;
  return false;
}

/* Months count 31 days, as in Spark. */
static bool delay_of(mill_planner *w, const mill_expr *e, int64_t *millis) {
  const mill_vector *v = NULL;
  mill_scope none = {0};
  const mill_expr *r = mill_resolve(w, &none, e);
  if (r == NULL || r->type->id != MILL_INTERVAL || !mill_w_evaluate(w, r, &v)) return false;
  const mill_interval *i = v->data;
  int64_t days;
  bool over = __builtin_mul_overflow((int64_t)i->months, 31, &days) ||
              __builtin_add_overflow(days, (int64_t)i->days, &days) ||
              __builtin_mul_overflow(days, INT64_C(86400000), millis) ||
              __builtin_add_overflow(*millis, i->micros / 1000, millis);
  if (!over && *millis >= 0) return true;
  (void)MILL_W_FAIL(w, MILL_E_INVALID_OPTION_VALUE, "paramName", "delayThreshold", "kind",
                    "an interval that is not negative", "value",
                    mill_error_fmt(w->err, "%d months %d days %lld microseconds", (int)i->months,
                                   (int)i->days, (long long)i->micros),
                    NULL);
  return false;
}

const mill_node *mill_analyse_watermark(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  int64_t millis = 0;
  mill_exprs l = {0}, out = {0};
  if (child == NULL) return NULL;
  if (!delay_of(w, n->exprs[1], &millis)) return NULL;
  if (!child->streaming) return child; /* Spark looks at nothing else there */
  mill_scope s = mill_scope_of(child, outer);
  const mill_expr *e = mill_resolve(w, &s, n->exprs[0]);
  if (e == NULL) return NULL;
  if (!is_event_time(e->type))
    return MILL_W_FAIL_AT(w, n, MILL_E_EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE, "eventName",
                          mill_error_fmt(w->err, "`%s`", e->name ? e->name : ""), "eventType",
                          mill_w_quoted_type(w, e->type), NULL);
  mill_node *m = mill_w_unary(w, MILL_N_WATERMARK, child);
  if (m == NULL || !mill_exprs_add(w, &l, with_delay(w, e, millis)) || !mill_w_set_exprs(w, m, &l))
    return NULL;
  for (int i = 0; i < child->noutput; i++) {
    bool it = child->output[i]->id == e->id;
    const mill_expr *c = it || mill_watermark_of(child->output[i]->metadata, NULL)
                             ? with_delay(w, child->output[i], it ? millis : -1)
                             : child->output[i];
    if (!mill_exprs_add(w, &out, c)) return NULL;
  }
  m->output = out.at;
  m->from = millis;
  return m;
}
