/* Trees as text, as a table of nodes and in snapshots: see tree_int.h. The table has the columns of
** Spark's saved trees (NodeData), the text the form of its toDebugString. */
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "ml/tree_int.h"

/* ---- text ---------------------------------------------------------------------------------------- */

static mill_status add_number(mill_text *out, double v, mill_error *err) {
  char text[40];
  return mill_text_add(out, text, (size_t)mill_double_text(v, text), err);
}

static mill_status add_indent(mill_text *out, int n, mill_error *err) {
  for (int i = 0; i < n; i++) MILL_TRY(mill_text_addc(out, ' ', err));
  return MILL_OK;
}

static mill_status add_test(mill_text *out, const mill_tree_node *d, bool left, mill_error *err) {
  MILL_TRY(mill_text_printf(out, err, "%s (feature %d ", left ? "If" : "Else", d->feature));
  if (d->categories < 0) {
    MILL_TRY(mill_text_adds(out, left ? "<= " : "> ", err));
    MILL_TRY(add_number(out, d->threshold, err));
    return mill_text_adds(out, ")\n", err);
  }
  MILL_TRY(mill_text_adds(out, left ? "in {" : "not in {", err));
  for (int k = 0; k < d->nleft; k++) {
    if (k) MILL_TRY(mill_text_addc(out, ',', err));
    MILL_TRY(add_number(out, d->left_categories[k], err));
  }
  return mill_text_adds(out, "})\n", err);
}

static mill_status add_subtree(mill_text *out, const mill_tree *t, int i, int indent,
                               mill_error *err) {
  const mill_tree_node *d = &t->node[i];
  MILL_TRY(add_indent(out, indent, err));
  if (d->left < 0) {
    MILL_TRY(mill_text_adds(out, "Predict: ", err));
    MILL_TRY(add_number(out, d->prediction, err));
    return mill_text_addc(out, '\n', err);
  }
  MILL_TRY(add_test(out, d, true, err));
  MILL_TRY(add_subtree(out, t, d->left, indent + 1, err));
  MILL_TRY(add_indent(out, indent, err));
  MILL_TRY(add_test(out, d, false, err));
  return add_subtree(out, t, d->right, indent + 1, err);
}

mill_status mill_tree_describe(const mill_tree *t, mill_text *out, mill_error *err) {
  return add_subtree(out, t, 0, 2, err);
}

/* ---- table --------------------------------------------------------------------------------------- */

enum { ID, PREDICTION, IMPURITY, STATS, COUNT, GAIN, LEFT, RIGHT, SPLIT, COLUMNS };

static const mill_type *table_type(mill_types *types) {
  const mill_type *d = mill_type_of(MILL_DOUBLE), *i = mill_type_of(MILL_INT);
  const mill_type *list = mill_type_array(types, d, false);
  mill_field split[] = {{"featureIndex", i, false, NULL},
                        {"leftCategoriesOrThreshold", list, false, NULL},
                        {"numCategories", i, false, NULL}};
  const mill_type *s = list ? mill_type_struct(types, split, 3) : NULL;
  mill_field fields[COLUMNS] = {{"id", i, false, NULL},
                                {"prediction", d, false, NULL},
                                {"impurity", d, false, NULL},
                                {"impurityStats", list, false, NULL},
                                {"rawCount", mill_type_of(MILL_BIGINT), false, NULL},
                                {"gain", d, false, NULL},
                                {"leftChild", i, false, NULL},
                                {"rightChild", i, false, NULL},
                                {"split", s, false, NULL}};
  return s ? mill_type_struct(types, fields, COLUMNS) : NULL;
}

/* Row i of a list column gets the n numbers. */
static mill_status put_list(mill_vector *list, uint32_t i, const double *v, uint32_t n,
                            mill_arena *a, mill_error *err) {
  mill_vector *items = &list->child[0];
  MILL_TRY(mill_vector_reserve(items, items->size + n + 1, a, err));
  ((mill_span *)list->data)[i] = (mill_span){items->size, n};
  if (n) memcpy((double *)items->data + items->size, v, n * sizeof *v);
  items->size += n;
  list->size = i + 1;
  return MILL_OK;
}

static mill_status put_split(mill_vector *split, uint32_t i, const mill_tree_node *d, mill_arena *a,
                             mill_error *err) {
  mill_vector *c = split->child;
  bool leaf = d->left < 0, continuous = d->categories < 0;
  uint32_t n = leaf ? 0 : continuous ? 1 : (uint32_t)d->nleft;
  double *v = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *v);
  if (v == NULL) return mill_oom(a->memory, n * sizeof *v, err);
  for (uint32_t k = 0; k < n; k++) v[k] = continuous ? d->threshold : d->left_categories[k];
  ((int32_t *)c[0].data)[i] = leaf ? -1 : d->feature;
  ((int32_t *)c[2].data)[i] = leaf ? -1 : d->categories;
  c[0].size = c[2].size = split->size = i + 1;
  return put_list(&c[1], i, v, n, a, err);
}

static mill_status put_node(const mill_tree *t, int at, uint32_t i, mill_vector *c, mill_arena *a,
                            mill_error *err) {
  const mill_tree_node *d = &t->node[at];
  ((int32_t *)c[ID].data)[i] = at;
  ((double *)c[PREDICTION].data)[i] = d->prediction;
  ((double *)c[IMPURITY].data)[i] = d->impurity;
  ((int64_t *)c[COUNT].data)[i] = (int64_t)d->count;
  ((double *)c[GAIN].data)[i] = d->left < 0 ? -1.0 : d->gain;
  ((int32_t *)c[LEFT].data)[i] = d->left;
  ((int32_t *)c[RIGHT].data)[i] = d->right;
  MILL_TRY(put_list(&c[STATS], i, mill_tree_stats(t, at), (uint32_t)t->classes, a, err));
  for (int k = 0; k < COLUMNS; k++) c[k].size = i + 1;
  return put_split(&c[SPLIT], i, d, a, err);
}

static mill_status put_batch(const mill_tree *t, int from, uint32_t n, mill_table *out,
                             mill_arena *a, mill_error *err) {
  mill_vector c[COLUMNS];
  for (uint32_t k = 0; k < COLUMNS; k++)
    MILL_TRY(mill_vector_init(&c[k], out->schema->fields[k].type, n, a, err));
  for (uint32_t i = 0; i < n; i++) MILL_TRY(put_node(t, from + (int)i, i, c, a, err));
  mill_batch b = {.n = n, .ncols = COLUMNS, .col = c, .first = (uint64_t)from};
  return mill_table_append(out, &b, err);
}

mill_status mill_tree_answer(const mill_tree *t, mill_answer *out, mill_error *err) {
  const mill_context *ctx = mill_answer_context(out);
  const mill_type *schema = table_type(ctx->types);
  mill_table *table;
  mill_arena a;
  if (schema == NULL) return mill_oom(ctx->memory, sizeof *schema, err);
  MILL_TRY(mill_table_new(ctx->memory, schema, &table, err));
  mill_arena_init(&a, ctx->memory);
  mill_status s = MILL_OK;
  for (int from = 0; from < t->n && s == MILL_OK; from += MILL_BATCH) {
    int n = t->n - from < MILL_BATCH ? t->n - from : MILL_BATCH;
    s = put_batch(t, from, (uint32_t)n, table, &a, err);
    mill_arena_clear(&a);
  }
  mill_arena_clear(&a);
  if (s == MILL_OK)
    mill_answer_table_move(out, table);
  else
    mill_table_unref(table);
  return s;
}

/* ---- snapshots ----------------------------------------------------------------------------------- */

enum { D_PREDICTION, D_IMPURITY, D_GAIN, D_THRESHOLD, D_COUNT, DOUBLES };
enum { I_LEFT, I_RIGHT, I_FEATURE, I_CATEGORIES, I_NLEFT, INTS };

static void pack(const mill_tree_node *n, double *d, int32_t *i) {
  d[D_PREDICTION] = n->prediction;
  d[D_IMPURITY] = n->impurity;
  d[D_GAIN] = n->gain;
  d[D_THRESHOLD] = n->threshold;
  d[D_COUNT] = n->count;
  i[I_LEFT] = n->left;
  i[I_RIGHT] = n->right;
  i[I_FEATURE] = n->feature;
  i[I_CATEGORIES] = n->categories;
  i[I_NLEFT] = n->nleft;
}

static void unpack(mill_tree_node *n, const double *d, const int32_t *i) {
  *n = (mill_tree_node){.prediction = d[D_PREDICTION],
                        .impurity = d[D_IMPURITY],
                        .gain = d[D_GAIN],
                        .threshold = d[D_THRESHOLD],
                        .count = d[D_COUNT],
                        .left = i[I_LEFT],
                        .right = i[I_RIGHT],
                        .feature = i[I_FEATURE],
                        .categories = i[I_CATEGORIES],
                        .nleft = i[I_NLEFT]};
}

static mill_status save_packed(const mill_tree *t, mill_saver *w, mill_arena *a, mill_error *err) {
  size_t n = (size_t)t->n, categories = 0;
  for (size_t k = 0; k < n; k++) categories += (size_t)t->node[k].nleft;
  double *d = mill_arena_alloc(a, n * DOUBLES * sizeof *d);
  int32_t *i = mill_arena_alloc(a, n * INTS * sizeof *i);
  int32_t *c = mill_arena_alloc(a, (categories + 1) * sizeof *c);
  if (d == NULL || i == NULL || c == NULL) return mill_oom(a->memory, n * sizeof *d, err);
  categories = 0;
  for (size_t k = 0; k < n; k++) {
    pack(&t->node[k], d + k * DOUBLES, i + k * INTS);
    for (int l = 0; l < t->node[k].nleft; l++) c[categories++] = t->node[k].left_categories[l];
  }
  MILL_TRY(mill_save_long(w, "numClasses", t->classes, err));
  MILL_TRY(mill_save_long(w, "numFeatures", t->width, err));
  MILL_TRY(mill_save_doubles(w, "nodes", d, n * DOUBLES, err));
  MILL_TRY(mill_save_ints(w, "links", i, n * INTS, err));
  MILL_TRY(mill_save_ints(w, "leftCategories", c, categories, err));
  return mill_save_doubles(w, "impurityStats", t->stats, n * (size_t)t->classes, err);
}

mill_status mill_tree_save(const mill_tree *t, mill_saver *w, mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, t->memory);
  mill_status s = save_packed(t, w, &a, err);
  mill_arena_clear(&a);
  return s;
}

/* A node as it may be: a leaf, or a split with both children behind it. */
static bool legal(const mill_tree *t, int at, const int32_t *c, size_t left_over) {
  const mill_tree_node *d = &t->node[at];
  if (d->nleft < 0 || (size_t)d->nleft > left_over) return false;
  if (d->left < 0) return d->left == -1 && d->right == -1 && d->nleft == 0;
  if (d->left <= at || d->right <= at || d->left >= t->n || d->right >= t->n) return false;
  if (d->feature < 0 || d->feature >= t->width || d->categories < -1) return false;
  if (d->categories < 0) return d->nleft == 0;
  for (int k = 0; k < d->nleft; k++)
    if (c[k] < 0 || c[k] >= d->categories || (k && c[k] <= c[k - 1])) return false;
  return true;
}

mill_status mill_tree_load(mill_tree *t, mill_loader *r, mill_arena *a, mill_error *err) {
  const double *d, *stats;
  const int32_t *i, *c;
  int64_t classes, width;
  size_t nd, ni, nc, ns, used = 0;
  MILL_TRY(mill_load_long(r, "numClasses", &classes, err));
  MILL_TRY(mill_load_long(r, "numFeatures", &width, err));
  MILL_TRY(mill_load_doubles(r, "nodes", &d, &nd, err));
  MILL_TRY(mill_load_ints(r, "links", &i, &ni, err));
  MILL_TRY(mill_load_ints(r, "leftCategories", &c, &nc, err));
  MILL_TRY(mill_load_doubles(r, "impurityStats", &stats, &ns, err));
  size_t n = nd / DOUBLES;
  if (classes < 1 || classes > INT32_MAX || width < 1 || width > INT32_MAX || n < 1 ||
      n > INT32_MAX || nd != n * DOUBLES || ni != n * INTS || ns != n * (size_t)classes)
    return mill_load_damaged(r, err, "the parts of the tree do not fit");
  *t = (mill_tree){.memory = a->memory, .n = (int)n, .classes = (int)classes, .width = (int)width};
  t->stats = (double *)(uintptr_t)stats;
  t->node = mill_arena_alloc(a, n * sizeof *t->node);
  if (t->node == NULL) return mill_oom(a->memory, n * sizeof *t->node, err);
  for (size_t k = 0; k < n; k++) unpack(&t->node[k], d + k * DOUBLES, i + k * INTS);
  for (size_t k = 0; k < n; k++) {
    if (!legal(t, (int)k, c + used, nc - used))
      return mill_load_damaged(r, err, "node %zu of the tree is not legal", k);
    t->node[k].left_categories = c + used;
    used += (size_t)t->node[k].nleft;
  }
  return mill_tree_finish(t, a, err);
}
