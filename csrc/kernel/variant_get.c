/* Out of variants: variant_get, try_variant_get, casts from VARIANT.
**
** A batch of variants becomes values type by type: the items of one kind are laid out as a vector of
** that kind's SQL type and go through the cast between the two types (Spark's VariantGet.cast), so
** each pair has one rule. Elements and members are items of the vectors inside. */
#include "kernel/cast_int.h"
#include "kernel/coerce.h"
#include "kernel/variant_int.h"

/* ---- paths ---------------------------------------------------------------------------------- */

/* ['name'] or ["name"], [3]; moves *at behind it. */
static bool read_bracket(const char *p, size_t n, size_t *at, mill_variant_step *step) {
  size_t k = *at + 1, start = k + 1;
  if (k >= n) return false;
  if (p[k] == '\'' || p[k] == '"') {
    char quote = p[k];
    for (k = start; k < n && p[k] != quote && p[k] != '?';) k++;
    if (k == start || k + 1 >= n || p[k] != quote || p[k + 1] != ']') return false;
    *step = (mill_variant_step){p + start, k - start, k + 2};
    *at = k + 2;
    return true;
  }
  uint64_t place = 0;
  for (start = k; k < n && p[k] >= '0' && p[k] <= '9'; k++) {
    place = place * 10 + (uint64_t)(p[k] - '0');
    if (place > INT32_MAX) return false;
  }
  if (k == start || k >= n || p[k] != ']') return false;
  *step = (mill_variant_step){NULL, (size_t)place, k + 1};
  *at = k + 1;
  return true;
}

static bool read_step(const char *p, size_t n, size_t *at, mill_variant_step *step) {
  if (p[*at] == '[') return read_bracket(p, n, at, step);
  if (p[*at] != '.') return false;
  size_t k = *at + 1, start = k;
  while (k < n && p[k] != '.' && p[k] != '[') k++;
  *step = (mill_variant_step){p + start, k - start, k};
  *at = k;
  return k > start;
}

mill_status mill_variant_path_read(mill_arena *a, const char *p, size_t n, mill_variant_path *out,
                                   bool *good, mill_error *err) {
  *out = (mill_variant_path){.text = p, .size = n};
  *good = n > 0 && *p == '$';
  out->step = mill_arena_alloc(a, (n / 2 + 1) * sizeof *out->step);
  if (out->step == NULL) return mill_oom(a->memory, n * sizeof *out->step, err);
  for (size_t at = 1; *good && at < n; out->n++) *good = read_step(p, n, &at, &out->step[out->n]);
  return MILL_OK;
}

/* Follow the path; false: it leads nowhere. place: where each step's name stood in the row before; most rows
** are laid out alike. */
static mill_status follow(const mill_variant_path *path, mill_variant_place *place, mill_variant *v,
                          bool *found, mill_error *err) {
  *found = true;
  for (size_t i = 0; *found && i < path->n; i++) {
    const mill_variant_step *s = &path->step[i];
    if (!s->name) place[i].at = (uint32_t)s->n;
    if (mill_variant_enter_again(v, s->name != NULL, &place[i])) continue;
    if (!mill_variant_enter(v, s->name, s->n, &place[i], found)) return mill_variant_fail(v, err);
  }
  return MILL_OK;
}

/* ---- casts ---------------------------------------------------------------------------------- */

bool mill_variant_gives(const mill_type *t) {
  switch (t->id) {
  case MILL_ARRAY: return mill_variant_gives(t->fields[0].type);
  case MILL_MAP:
    return t->fields[0].type->id == MILL_STRING && mill_variant_gives(t->fields[1].type);
  case MILL_STRUCT:
    for (uint32_t i = 0; i < t->nfields; i++)
      if (!mill_variant_gives(t->fields[i].type)) return false;
    return true;
  case MILL_VARIANT: return true;
  default: return t->id >= MILL_BOOLEAN && t->id <= MILL_TIME;
  }
}

/* A batch on its way to values of one type. */
typedef struct caster {
  mill_call *call;
  const mill_variant *item;
  mill_variant_item *part; /* the items taken apart */
  size_t n;
  bool strict;
  mill_vector *out;
  mill_error *err;
} caster;

static mill_status no_image(caster *c, size_t i) {
  mill_call *call = c->call;
  mill_error *err = c->err;
  if (!c->strict) return mill_set_null(call, c->out, i, err);
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = mill_variant_json(&c->item[i], mill_session_zone(call->set), &text, err);
  if (s == MILL_OK)
    s = mill_call_fail(
        call, err, MILL_E_INVALID_VARIANT_CAST, "value",
        mill_error_fmt(err, "%.*s", (int)(text.size < 500 ? text.size : 500), text.data),
        "dataType", mill_type_quoted(call->ctx->memory, c->out->type, err), NULL);
  mill_text_clear(&text);
  return s;
}

static mill_status read_items(caster *c) {
  c->part = mill_arena_alloc(c->call->arena, (c->n + 1) * sizeof *c->part);
  if (c->part == NULL) return mill_oom(c->call->arena->memory, c->n * sizeof *c->part, c->err);
  for (size_t i = 0; i < c->n; i++) {
    if (c->item[i].value == NULL) continue;
    if (!mill_variant_read(&c->item[i], &c->part[i]) || c->part[i].kind == MILL_VARIANT_UNKNOWN)
      return mill_variant_fail(&c->item[i], c->err);
  }
  return MILL_OK;
}

/* -- atoms -- */

static const mill_type_id type_ids[] = {
    [MILL_VARIANT_NULL] = MILL_NULL,           [MILL_VARIANT_BOOLEAN] = MILL_BOOLEAN,
    [MILL_VARIANT_LONG] = MILL_BIGINT,         [MILL_VARIANT_DOUBLE] = MILL_DOUBLE,
    [MILL_VARIANT_FLOAT] = MILL_FLOAT,         [MILL_VARIANT_STRING] = MILL_STRING,
    [MILL_VARIANT_BINARY] = MILL_BINARY,       [MILL_VARIANT_DATE] = MILL_DATE,
    [MILL_VARIANT_TIMESTAMP] = MILL_TIMESTAMP, [MILL_VARIANT_TIMESTAMP_NTZ] = MILL_TIMESTAMP_NTZ,
    [MILL_VARIANT_UUID] = MILL_STRING,
};

static const mill_type *type_of(caster *c, const mill_variant_item *x) {
  if (x->kind == MILL_VARIANT_DECIMAL)
    return mill_type_decimal(c->call->ctx->types, MILL_DECIMAL_MAX, x->scale);
  return mill_type_of(type_ids[x->kind]);
}

static mill_status lay_out(caster *c, const mill_variant_item *x, mill_vector *v, uint32_t k) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: ((uint8_t *)v->data)[k] = x->integer != 0; return MILL_OK;
  case MILL_PHYS_I32: ((int32_t *)v->data)[k] = (int32_t)x->integer; return MILL_OK;
  case MILL_PHYS_I64: ((int64_t *)v->data)[k] = x->integer; return MILL_OK;
  case MILL_PHYS_I128: ((mill_i128 *)v->data)[k] = x->digits; return MILL_OK;
  case MILL_PHYS_F32: ((float *)v->data)[k] = (float)x->number; return MILL_OK;
  case MILL_PHYS_F64: ((double *)v->data)[k] = x->number; return MILL_OK;
  default: break;
  }
  if (x->kind != MILL_VARIANT_UUID) {
    put_view(v, k, x->text, x->size);
    return MILL_OK;
  }
  mill_text text;
  mill_text_init(&text, c->call->ctx->memory);
  mill_status s = mill_variant_plain(x, NULL, &text, c->err);
  if (s == MILL_OK) s = put_text(c->call, v, k, &text, c->err);
  mill_text_clear(&text);
  return s;
}

/* A whole number of seconds that is no instant of 64 bits has no image. */
static bool beyond(const mill_variant_item *x, const mill_type *to) {
  return x->kind == MILL_VARIANT_LONG && to->id == MILL_TIMESTAMP &&
         (x->integer > INT64_MAX / 1000000 || x->integer < INT64_MIN / 1000000);
}

/* Items at[0, n) of one type: through the cast, and to their rows. */
static mill_status cast_kind(caster *c, const mill_type *from, const uint32_t *at, uint32_t n,
                             const uint32_t *row) {
  mill_call sub = *c->call;
  mill_vector in, image;
  const mill_vector *arg = &in;
  const mill_type *to = c->out->type;
  cast_plan plan = {.from = from, .to = to, .mode = MILL_CAST_TRY};
  plan.kernel = mill_can_cast(from, to, true) ? mill_cast_kernel(from, to, MILL_CAST_TRY) : NULL;
  if (plan.kernel == NULL) {
    for (uint32_t k = 0; k < n; k++) MILL_TRY(no_image(c, row[at[k]]));
    return MILL_OK;
  }
  MILL_TRY(mill_vector_init(&in, from, n, sub.arena, c->err));
  MILL_TRY(mill_vector_init(&image, to, n, sub.arena, c->err));
  for (uint32_t k = 0; k < n; k++) MILL_TRY(lay_out(c, &c->part[at[k]], &in, k));
  in.size = image.size = n;
  sub.state = &plan;
  sub.result = to;
  MILL_TRY(plan.kernel(&sub, &arg, n, &image, c->err));
  size_t width = to->width;
  for (uint32_t k = 0; k < n; k++) {
    if (!mill_vector_valid(&image, k) || beyond(&c->part[at[k]], to)) {
      MILL_TRY(no_image(c, row[at[k]]));
      continue;
    }
    memcpy((char *)c->out->data + row[at[k]] * width, (const char *)image.data + k * width, width);
  }
  return MILL_OK;
}

static bool container(const mill_variant_item *x) {
  return x->kind == MILL_VARIANT_ARRAY || x->kind == MILL_VARIANT_OBJECT;
}

static mill_status json_of(caster *c, size_t i, mill_text *text) {
  mill_text_reset(text);
  MILL_TRY(mill_variant_json(&c->item[i], mill_session_zone(c->call->set), text, c->err));
  return put_text(c->call, c->out, i, text, c->err);
}

/* Rows that need a cast: their items lie in c->part from 0 on. */
typedef struct waiting {
  uint32_t *row, n;
  uint8_t *done;
} waiting;

static mill_status wait(caster *c, waiting *w, uint32_t i, const mill_variant_item *x) {
  if (w->row == NULL) { /* a batch of one type has none */
    size_t room = c->n - i;
    c->part = mill_arena_take(c->call->arena, room * sizeof *c->part);
    w->row = mill_arena_take(c->call->arena, room * sizeof *w->row);
    w->done = mill_arena_alloc(c->call->arena, room);
    if (c->part == NULL || w->row == NULL || w->done == NULL)
      return mill_oom(c->call->arena->memory, room * sizeof *c->part, c->err);
  }
  c->part[w->n] = *x;
  w->row[w->n++] = i;
  return MILL_OK;
}

/* Is the item a value of the type as it is? */
static bool same_type(const mill_variant_item *x, const mill_type *t) {
  return x->kind != MILL_VARIANT_DECIMAL && x->kind != MILL_VARIANT_UUID &&
         mill_type_of(type_ids[x->kind]) == t;
}

static mill_status settle(caster *c, waiting *w, uint32_t i, mill_text *text) {
  mill_variant_item x;
  if (c->item[i].value == NULL) return mill_set_null(c->call, c->out, i, c->err);
  if (c->out->type->id == MILL_BIGINT &&
      mill_variant_integer(&c->item[i], (int64_t *)c->out->data + i))
    return MILL_OK;
  if (!mill_variant_read(&c->item[i], &x) || x.kind == MILL_VARIANT_UNKNOWN)
    return mill_variant_fail(&c->item[i], c->err);
  if (x.kind == MILL_VARIANT_NULL) return mill_set_null(c->call, c->out, i, c->err);
  if (container(&x)) return c->out->type->id == MILL_STRING ? json_of(c, i, text) : no_image(c, i);
  return same_type(&x, c->out->type) ? lay_out(c, &x, c->out, i) : wait(c, w, i, &x);
}

/* Containers, nulls and values of the type itself are settled at once, all others by kind. */
static mill_status cast_atoms(caster *c) {
  waiting w = {0};
  mill_text text;
  mill_status s = MILL_OK;
  mill_text_init(&text, c->call->ctx->memory);
  for (uint32_t i = 0; i < c->n && s == MILL_OK; i++) s = settle(c, &w, i, &text);
  mill_text_clear(&text);
  if (s != MILL_OK || w.n == 0) return s;
  uint32_t *at = mill_arena_take(c->call->arena, w.n * sizeof *at);
  if (at == NULL) return mill_oom(c->call->arena->memory, w.n * sizeof *at, c->err);
  for (uint32_t i = 0; i < w.n && s == MILL_OK; i++) {
    uint32_t n = 0;
    if (w.done[i]) continue;
    const mill_type *from = type_of(c, &c->part[i]);
    if (from == NULL) return mill_oom(c->call->ctx->memory, sizeof *from, c->err);
    for (uint32_t k = i; k < w.n; k++)
      if (!w.done[k] && c->part[k].kind == c->part[i].kind && c->part[k].scale == c->part[i].scale)
        at[n++] = k, w.done[k] = 1;
    s = cast_kind(c, from, at, n, w.row);
  }
  return s;
}

/* -- containers -- */

static mill_status cast_lists(caster *c) {
  bool map = c->out->type->id == MILL_MAP;
  mill_variant_kind kind = map ? MILL_VARIANT_OBJECT : MILL_VARIANT_ARRAY;
  mill_arena *a = c->call->arena;
  mill_span *r = c->out->data;
  mill_vector *values = &c->out->child[map];
  size_t total = 0;
  MILL_TRY(read_items(c));
  for (size_t i = 0; i < c->n; i++) total += c->part[i].kind == kind ? c->part[i].count : 0;
  mill_variant *item = mill_arena_alloc(a, (total + 1) * sizeof *item);
  if (item == NULL || total > UINT32_MAX) return mill_oom(a->memory, total, c->err);
  for (uint32_t k = 0; k < c->out->type->nfields; k++)
    MILL_TRY(mill_vector_init(&c->out->child[k], c->out->type->fields[k].type, (uint32_t)total, a,
                              c->err));
  uint32_t at = 0;
  for (size_t i = 0; i < c->n; i++) {
    const mill_variant_item *x = &c->part[i];
    bool null = c->item[i].value == NULL || x->kind == MILL_VARIANT_NULL;
    r[i] = (mill_span){at, x->kind == kind && !null ? x->count : 0};
    if (null) MILL_TRY(mill_set_null(c->call, c->out, i, c->err));
    if (!null && x->kind != kind) MILL_TRY(no_image(c, i));
    for (uint32_t k = 0; k < r[i].size; k++, at++) {
      const char *name;
      size_t n;
      if (!(map ? mill_variant_member(&c->item[i], x, k, &name, &n, &item[at])
                : mill_variant_element(&c->item[i], x, k, &item[at])))
        return mill_variant_fail(&c->item[i], c->err);
      if (map) MILL_TRY(put_copy(c->call, &c->out->child[0], at, name, n, c->err));
    }
  }
  for (uint32_t k = 0; k < c->out->type->nfields; k++) c->out->child[k].size = at;
  return mill_variant_cast(c->call, item, at, c->strict, values, c->err);
}

static mill_status cast_structs(caster *c) {
  mill_variant *item = mill_arena_alloc(c->call->arena, (c->n + 1) * sizeof *item);
  if (item == NULL) return mill_oom(c->call->arena->memory, c->n * sizeof *item, c->err);
  MILL_TRY(read_items(c));
  for (size_t i = 0; i < c->n; i++) {
    bool null = c->item[i].value == NULL || c->part[i].kind == MILL_VARIANT_NULL;
    if (null) MILL_TRY(mill_set_null(c->call, c->out, i, c->err));
    if (!null && c->part[i].kind != MILL_VARIANT_OBJECT) MILL_TRY(no_image(c, i));
  }
  for (uint32_t f = 0; f < c->out->type->nfields; f++) {
    const char *name = c->out->type->fields[f].name, *p;
    size_t n;
    for (size_t i = 0; i < c->n; i++) {
      const mill_variant_item *x = &c->part[i];
      bool object = c->item[i].value && x->kind == MILL_VARIANT_OBJECT;
      uint32_t at = object ? mill_variant_find(&c->item[i], x, name, strlen(name)) : UINT32_MAX;
      item[i] = (mill_variant){0};
      if (at != UINT32_MAX && !mill_variant_member(&c->item[i], x, at, &p, &n, &item[i]))
        return mill_variant_fail(&c->item[i], c->err);
    }
    mill_vector *to = &c->out->child[f];
    to->size = (uint32_t)c->n;
    MILL_TRY(mill_variant_cast(c->call, item, c->n, c->strict, to, c->err));
  }
  return MILL_OK;
}

/* Built anew: a part does not carry the names of the whole. */
static mill_status cast_variants(caster *c) {
  mill_variant_builder b;
  mill_status s = MILL_OK;
  mill_variant_open(&b, c->call->ctx->memory);
  for (size_t i = 0; i < c->n && s == MILL_OK; i++) {
    if (c->item[i].value == NULL) {
      s = mill_set_null(c->call, c->out, i, c->err);
      continue;
    }
    mill_variant_reset(&b);
    s = mill_variant_put(&b, &c->item[i], c->err);
    if (s == MILL_OK) s = mill_variant_store(c->call, c->out, i, &b, c->err);
  }
  mill_variant_close(&b);
  return s;
}

mill_status mill_variant_cast(mill_call *call, const mill_variant *items, size_t n, bool strict,
                              mill_vector *out, mill_error *err) {
  caster c = {call, items, NULL, n, strict, out, err};
  switch (out->type->id) {
  case MILL_VARIANT: return cast_variants(&c);
  case MILL_ARRAY:
  case MILL_MAP: return cast_lists(&c);
  case MILL_STRUCT: return cast_structs(&c);
  default: return cast_atoms(&c);
  }
}

static mill_status new_items(mill_call *call, size_t n, mill_variant **items, mill_error *err) {
  *items = mill_arena_alloc(call->arena, (n + 1) * sizeof **items);
  return *items ? MILL_OK : mill_oom(call->arena->memory, n * sizeof **items, err);
}

mill_status mill_cast_from_variant(mill_call *call, const mill_vector *const *args, size_t n,
                                   mill_vector *out, mill_error *err) {
  const cast_plan *plan = call->state;
  mill_variant *items;
  MILL_TRY(new_items(call, n, &items, err));
  MILL_EACH(out, n, i) items[i] = mill_variant_at(args[0], i);
  return mill_variant_cast(call, items, n, plan->mode != MILL_CAST_TRY, out, err);
}

/* ---- variant_get ---------------------------------------------------------------------------- */

typedef struct get_plan {
  bool strict, constant;
  mill_variant_path path; /* of a constant one */
} get_plan;

static mill_status bad_path(mill_call *call, bytes p, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_VARIANT_GET_PATH, "path",
                        mill_error_fmt(err, "%.*s", (int)(p.n < 500 ? p.n : 500), p.p),
                        "functionName", mill_error_fmt(err, "`%s`", call->fn->name), NULL);
}

static void forget_names(const mill_variant_path *path, mill_variant_place *place) {
  for (size_t i = 0; i < path->n; i++) place[i].id = UINT32_MAX;
}

static mill_status new_places(mill_call *call, const mill_variant_path *path,
                              mill_variant_place **out, mill_error *err) {
  size_t room = (path->n + 1) * sizeof **out;
  *out = mill_arena_alloc(call->arena, room);
  if (*out == NULL) return mill_oom(call->arena->memory, room, err);
  forget_names(path, *out);
  return MILL_OK;
}

/* Where a constant path leads in each row. */
static mill_status follow_rows(mill_call *call, const mill_variant_path *path, const mill_vector *v,
                               size_t n, const mill_vector *out, mill_variant *items,
                               mill_error *err) {
  mill_variant_place *place;
  mill_variant before = {"", "", 0, 0};
  bool found;
  MILL_TRY(new_places(call, path, &place, err));
  MILL_EACH(out, n, i) {
    items[i] = mill_variant_at(v, i);
    if (!mill_variant_same_names(&items[i], &before)) forget_names(path, place);
    before = items[i];
    MILL_TRY(follow(path, place, &items[i], &found, err));
    if (!found) items[i] = (mill_variant){0};
  }
  return MILL_OK;
}

static mill_status follow_each(mill_call *call, const mill_vector *paths, const mill_vector *v,
                               size_t n, const mill_vector *out, mill_variant *items,
                               mill_error *err) {
  mill_variant_place *place;
  mill_variant_path path;
  bool found, good;
  MILL_EACH(out, n, i) {
    bytes p = bytes_at(paths, i);
    MILL_TRY(mill_variant_path_read(call->arena, p.p, p.n, &path, &good, err));
    if (!good) return bad_path(call, p, err);
    MILL_TRY(new_places(call, &path, &place, err));
    items[i] = mill_variant_at(v, i);
    MILL_TRY(follow(&path, place, &items[i], &found, err));
    if (!found) items[i] = (mill_variant){0};
  }
  return MILL_OK;
}

KERNEL_HEAD(k_variant_get) {
  const get_plan *plan = call->state;
  mill_variant *items;
  MILL_TRY(new_items(call, n, &items, err));
  MILL_TRY(plan->constant ? follow_rows(call, &plan->path, args[0], n, out, items, err)
                          : follow_each(call, args[1], args[0], n, out, items, err));
  return mill_variant_cast(call, items, n, plan->strict, out, err);
}

static mill_status target_type(mill_binding *b, mill_error *err) {
  b->result = mill_type_of(MILL_VARIANT);
  if (b->nargs < 3) return MILL_OK;
  const mill_vector *v = b->arg_value[2];
  if (v == NULL || v->type->id != MILL_STRING || !mill_vector_valid(v, 0))
    return mill_fail(err, MILL_E_INVALID_SCHEMA_NON_STRING_LITERAL, "inputSchema",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 2)), NULL);
  if (b->parse_schema == NULL)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no parser of types", NULL);
  bytes text = bytes_of(v);
  return b->parse_schema(b, text.p, text.n, &b->result, err);
}

static mill_status bind_get(mill_binding *b, mill_error *err) {
  get_plan *plan;
  mill_vector path;
  bool good = true;
  MILL_TRY(mill_bind_types(b, "!variant, !string, any? -> variant", err));
  MILL_TRY(target_type(b, err));
  b->shown = mill_error_fmt(err, "%s(%s, %s)", b->fn->name, mill_arg_sql(b, 0), mill_arg_sql(b, 1));
  if (!mill_variant_gives(b->result))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITHOUT_SUGGESTION, "sqlExpr",
                     mill_error_fmt(err, "\"%s\"", b->shown), "srcType", "\"VARIANT\"",
                     "targetType", mill_bind_type_sql(b, b->result, err), NULL);
  BIND_NEW(b, get_plan, plan, err);
  plan->strict = strncmp(b->fn->name, "try_", 4) != 0;
  MILL_TRY(mill_bind_constant(b, 1, &path, err));
  if (path.type && path.type->id == MILL_STRING && mill_vector_valid(&path, 0)) {
    bytes p = bytes_at(&path, 0);
    char *own = mill_arena_strndup(b->arena, p.p, p.n);
    if (own == NULL) return mill_oom(b->arena->memory, p.n, err);
    MILL_TRY(mill_variant_path_read(b->arena, own, p.n, &plan->path, &good, err));
    plan->constant = good;
    if (!good)
      return mill_fail(err, MILL_E_INVALID_VARIANT_GET_PATH, "path",
                       mill_error_fmt(err, "%.*s", (int)(p.n < 500 ? p.n : 500), p.p),
                       "functionName", mill_error_fmt(err, "`%s`", b->fn->name), NULL);
  }
  b->state = plan;
  b->nullable = true;
  return MILL_OK;
}

const mill_function mill_family_variant_get[] = {
    {.name = "variant_get",
     .types = "!variant, !string, any? -> variant",
     .kernel = k_variant_get,
     .bind = bind_get,
     .flags = MILL_FN_NULLABLE,
     .usage = "variant_get(v, path[, type])",
     .doc = "What a path leads to in a variant, as a type; null where it leads nowhere.",
     .example = "SELECT variant_get(parse_json('{\"a\": 1}'), '$.a', 'int') -> 1"},
    {.name = "try_variant_get",
     .types = "!variant, !string, any? -> variant",
     .kernel = k_variant_get,
     .bind = bind_get,
     .flags = MILL_FN_NULLABLE,
     .usage = "try_variant_get(v, path[, type])",
     .doc = "As variant_get, null where the value cannot be of the type.",
     .example = "SELECT try_variant_get(parse_json('{\"a\": \"x\"}'), '$.a', 'int') -> NULL"},
    {0}};
