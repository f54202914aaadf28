/* Which leaves of a file make up the wanted columns; see parquet_node.h. */
#include <string.h>
#include <strings.h>

#include "io/parquet_node.h"

typedef struct matcher {
  mill_arena *arena;
  mill_types *types;
  const parquet_footer *footer;
  const parquet_rules *rules;
  const parquet_calendar *calendar;
  const char *column; /* for messages */
  parquet_plan *plan;
  mill_error *err;
} matcher;

/* The innermost repeated field around: levels of places; and what of the value is looked at (NULL:
** all). */
typedef struct around {
  uint8_t rep, slot;
  const mill_part *part;
} around;

static mill_status match(matcher *m, const parquet_field *f, const mill_type *t, around in,
                         parquet_node *out);

/* A leaf where a group is wanted, or the other way round. */
static mill_status other_shape(const matcher *m, const parquet_field *f, const mill_type *t) {
  mill_fail(m->err, MILL_E_FAILED_READ_FILE_NO_HINT, "path", m->footer->path, NULL);
  mill_error_hint(m->err, "The column %s holds %s, which cannot be read as %s.", m->column,
                  mill_parquet_type_text(f, m->err), mill_type_quoted(m->arena->memory, t, m->err));
  return MILL_E_FAILED_READ_FILE_NO_HINT;
}

/* A leaf that is no value of the type; Spark's reader by rows says so as it does of other shapes. */
static mill_status mismatch(const matcher *m, const parquet_field *f, const mill_type *t) {
  if (!m->rules->vectorised) return other_shape(m, f, t);
  mill_memory *memory = m->arena->memory;
  return mill_fail(m->err, MILL_E_FAILED_READ_FILE_PARQUET_TYPE, "path", m->footer->path, "column",
                   mill_error_fmt(m->err, "[%s]", m->column), "expectedType",
                   mill_type_quoted(memory, t, m->err), "actualType",
                   mill_parquet_type_text(f, m->err), NULL);
}

static mill_status new_leaf(matcher *m, const parquet_field *f, const mill_type *t, uint8_t slot,
                            int *number) {
  parquet_leaf *l = &m->plan->leaf[m->plan->leaves];
  *l = (parquet_leaf){.field = f, .type = t, .slot = slot};
  if (t && !mill_parquet_conversion(f, t, m->calendar, &l->conversion)) return mismatch(m, f, t);
  if (!t) l->conversion.from = mill_parquet_width(f);
  *number = m->plan->leaves++;
  return MILL_OK;
}

static mill_status children(matcher *m, parquet_node *n, uint32_t count) {
  n->n = count;
  n->child = mill_arena_alloc(m->arena, (count + 1ull) * sizeof *n->child);
  return n->child ? MILL_OK : mill_oom(m->arena->memory, count * sizeof *n->child, m->err);
}

static void absent(parquet_node *n, const mill_type *t) {
  *n = (parquet_node){.shape = PARQUET_ABSENT, .type = t, .leaf = -1};
}

/* ---- names ---------------------------------------------------------------------------------- */

/* "parquet.field.id" in a field's metadata, -1: none. */
static int64_t wanted_id(const mill_field *f) {
  const char *at = f->metadata ? strstr(f->metadata, "\"parquet.field.id\"") : NULL;
  if (!at) return -1;
  at += sizeof "\"parquet.field.id\"" - 1;
  while (*at == ' ' || *at == ':') at++;
  int64_t id = 0;
  if (*at < '0' || *at > '9') return -1;
  for (; *at >= '0' && *at <= '9' && id < INT32_MAX; at++) id = id * 10 + (*at - '0');
  return id;
}

static bool same_field(const matcher *m, const parquet_field *f, const mill_field *w, int64_t id) {
  if (id >= 0) return f->element->has & THRIFT_HAS(9) && f->element->field_id == id;
  return (m->rules->case_sensitive ? strcmp : strcasecmp)(f->name, w->name) == 0;
}

/* The member of a group that is wanted, which may well stand at place `guess`; NULL: there is none. */
static mill_status find(matcher *m, const parquet_field *group, const mill_field *w, uint32_t guess,
                        const parquet_field **out) {
  int64_t id = m->rules->field_ids ? wanted_id(w) : -1;
  *out = NULL;
  if (group->distinct && guess < group->n && same_field(m, &group->child[guess], w, id)) {
    *out = &group->child[guess];
    return MILL_OK;
  }
  for (uint32_t i = 0; i < group->n; i++) {
    const parquet_field *f = &group->child[i];
    if (!same_field(m, f, w, id)) continue;
    if (*out) {
      mill_fail(m->err, MILL_E_FAILED_READ_FILE_NO_HINT, "path", m->footer->path, NULL);
      mill_error_hint(m->err, "It has more than one field of the name %s.", w->name);
      return MILL_E_FAILED_READ_FILE_NO_HINT;
    }
    *out = f;
  }
  return MILL_OK;
}

/* ---- shapes --------------------------------------------------------------------------------- */

/* A member of a struct, or a column: repeated ones are arrays. */
static mill_status match_member(matcher *m, const parquet_field *f, const mill_type *t, around in,
                                parquet_node *out) {
  if (f->element->repetition != PARQUET_REPEATED) return match(m, f, t, in, out);
  if (t->id != MILL_ARRAY) return other_shape(m, f, t);
  *out = (parquet_node){.shape = PARQUET_ITEMS,
                        .type = t,
                        .def = (uint8_t)(f->def - 1),
                        .rep = in.rep,
                        .slot = in.slot,
                        .item = f->def};
  MILL_TRY(children(m, out, 1));
  MILL_TRY(match(m, f, t->fields[0].type, (around){f->rep, f->def, NULL}, out->child));
  out->leaf = out->child->leaf;
  return MILL_OK;
}

static mill_status match_struct(matcher *m, const parquet_field *f, const mill_type *t, around in,
                                parquet_node *out);

static bool whole_bytes(const parquet_field *f, const char *name) {
  return strcmp(f->name, name) == 0 && parquet_is_leaf(f) &&
         f->element->type == PARQUET_BYTE_ARRAY && f->element->repetition == PARQUET_REQUIRED;
}

/* Do value and metadata stand there as bytes that are never null? Then they are the variant's own. */
static bool plain_variant(const parquet_field *f) {
  return f->n == 2 &&
         ((whole_bytes(&f->child[0], "value") && whole_bytes(&f->child[1], "metadata")) ||
          (whole_bytes(&f->child[0], "metadata") && whole_bytes(&f->child[1], "value")));
}

/* Parts of the values are columns of their own: the group is read as it is. Names are exact. */
static mill_status match_shredded(matcher *m, const parquet_field *f, const mill_type *t, around in,
                                  parquet_node *out) {
  const mill_type *parts;
  parquet_rules exact = *m->rules;
  const parquet_rules *rules = m->rules;
  exact.case_sensitive = true;
  exact.field_ids = exact.binary_as_string = false;
  *out = (parquet_node){
      .shape = PARQUET_VARIANT, .type = t, .def = f->def, .rep = in.rep, .slot = in.slot};
  MILL_TRY(mill_parquet_group(m->types, f, &exact, &parts, m->err));
  MILL_TRY(children(m, out, 1));
  m->rules = &exact;
  mill_status s = match_struct(m, f, parts, (around){in.rep, in.slot, NULL}, out->child);
  m->rules = rules;
  out->leaf = out->child->leaf;
  return s;
}

static mill_status match_struct(matcher *m, const parquet_field *f, const mill_type *t, around in,
                                parquet_node *out) {
  if (t->id == MILL_VARIANT && !plain_variant(f)) return match_shredded(m, f, t, in, out);
  *out = (parquet_node){.shape = PARQUET_STRUCT,
                        .type = t,
                        .def = f->def,
                        .rep = in.rep,
                        .slot = in.slot,
                        .leaf = -1};
  MILL_TRY(children(m, out, t->nfields));
  const mill_part *parts = in.part ? in.part->fields : NULL;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const parquet_field *member;
    around within = {in.rep, in.slot, parts ? &parts[i] : NULL};
    MILL_TRY(find(m, f, &t->fields[i], i, &member));
    if (!member || (parts && parts[i].unused))
      absent(&out->child[i], t->fields[i].type);
    else
      MILL_TRY(match_member(m, member, t->fields[i].type, within, &out->child[i]));
    if (out->leaf < 0) out->leaf = out->child[i].leaf;
  }
  if (out->leaf >= 0) return MILL_OK;
  if (f->leaf < 0) return other_shape(m, f, t);
  return new_leaf(m, m->footer->leaf[f->leaf], NULL, in.slot, &out->leaf);
}

/* An element or value that the file does not tell (VOID): its places come from levels alone. */
static mill_status needs_levels(matcher *m, const parquet_field *f, around in, parquet_node *out) {
  if (out->leaf >= 0) return MILL_OK;
  if (f->leaf < 0) return other_shape(m, f, out->type);
  return new_leaf(m, m->footer->leaf[f->leaf], NULL, in.slot, &out->leaf);
}

static mill_status match_items(matcher *m, const parquet_field *f, const mill_type *t, around in,
                               parquet_node *out) {
  const parquet_field *r = t->id == MILL_MAP ? mill_parquet_map_of(f) : mill_parquet_list_of(f);
  if (!r) return other_shape(m, f, t);
  *out = (parquet_node){.shape = PARQUET_ITEMS,
                        .type = t,
                        .def = f->def,
                        .rep = in.rep,
                        .slot = in.slot,
                        .item = r->def,
                        .leaf = -1};
  around within = {r->rep, r->def, NULL};
  MILL_TRY(children(m, out, t->nfields));
  if (t->id == MILL_ARRAY && mill_parquet_is_element(f, r)) {
    MILL_TRY(match(m, r, t->fields[0].type, within, out->child));
    out->leaf = out->child->leaf;
    return needs_levels(m, r, within, out);
  }
  for (uint32_t i = 0; i < t->nfields; i++) {
    MILL_TRY(match_member(m, &r->child[i], t->fields[i].type, within, &out->child[i]));
    if (out->leaf < 0) out->leaf = out->child[i].leaf;
  }
  return needs_levels(m, r, within, out);
}

static mill_status match_leaf(matcher *m, const parquet_field *f, const mill_type *t, around in,
                              parquet_node *out) {
  *out = (parquet_node){
      .shape = PARQUET_VALUE, .type = t, .def = f->def, .rep = in.rep, .slot = in.slot};
  return new_leaf(m, f, t, in.slot, &out->leaf);
}

/* Arrays and maps of plain values are looked for in leaves too. */
static bool of_leaves(const mill_type *t) {
  if (t->phys != MILL_PHYS_LIST) return false;
  for (uint32_t i = 0; i < t->nfields; i++) {
    mill_phys phys = t->fields[i].type->phys;
    if (phys == MILL_PHYS_LIST || phys == MILL_PHYS_STRUCT) return false;
  }
  return true;
}

/* A field by itself, whether it is repeated or not. */
static mill_status match(matcher *m, const parquet_field *f, const mill_type *t, around in,
                         parquet_node *out) {
  if (t->id == MILL_NULL) {
    bool other = parquet_is_leaf(f) && mill_parquet_meaning(f).kind != PARQUET_LOGICAL_UNKNOWN;
    if (other) return mismatch(m, f, t);
    absent(out, t);
    return MILL_OK;
  }
  if (t->phys != MILL_PHYS_LIST && t->phys != MILL_PHYS_STRUCT)
    return parquet_is_leaf(f) ? match_leaf(m, f, t, in, out) : other_shape(m, f, t);
  if (parquet_is_leaf(f)) return of_leaves(t) ? mismatch(m, f, t) : other_shape(m, f, t);
  if (t->phys == MILL_PHYS_LIST) return match_items(m, f, t, in, out);
  int kind = mill_parquet_meaning(f).kind;
  if (t->id == MILL_STRUCT && (kind == PARQUET_LOGICAL_LIST || kind == PARQUET_LOGICAL_MAP))
    return other_shape(m, f, t);
  return match_struct(m, f, t, in, out);
}

/* No node of a type takes more than one leaf; a VARIANT may take all. */
static size_t count_nodes(const mill_type *t, const parquet_footer *f) {
  size_t n = 1 + (t->id == MILL_VARIANT ? f->leaves : 0);
  for (uint32_t i = 0; i < t->nfields; i++) n += count_nodes(t->fields[i].type, f);
  return n;
}

mill_status mill_parquet_match(mill_arena *a, mill_types *types, const parquet_footer *f,
                               const parquet_rules *r, const parquet_calendar *calendar,
                               const parquet_wanted *wanted, int n, parquet_plan *out,
                               mill_error *err) {
  matcher m = {.arena = a,
               .types = types,
               .footer = f,
               .rules = r,
               .calendar = calendar,
               .plan = out,
               .err = err};
  size_t leaves = 1;
  for (int i = 0; i < n; i++) leaves += count_nodes(wanted[i].field->type, f);
  out->n = n;
  out->leaves = 0;
  out->node = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *out->node);
  out->leaf = mill_arena_alloc(a, leaves * sizeof *out->leaf);
  if (!out->node || !out->leaf) return mill_oom(a->memory, leaves * sizeof *out->leaf, err);
  uint32_t last = 0;
  for (int i = 0; i < n; i++) {
    const parquet_field *field;
    const mill_field *want = wanted[i].field;
    parquet_node *node = &out->node[i];
    m.column = want->name;
    MILL_TRY(find(&m, f->root, want, last, &field));
    if (field) last = (uint32_t)(field - f->root->child) + 1;
    if (!field) {
      absent(node, want->type);
      continue;
    }
    MILL_TRY(match_member(&m, field, want->type, (around){0, 0, wanted[i].part}, node));
    if (node->shape != PARQUET_VALUE) continue;
    node->shape = PARQUET_FLAT;
    out->leaf[node->leaf].alone = true;
  }
  return MILL_OK;
}
