/* Comparisons of CHAR(n) columns: blanks at the end do not count, so a constant, or a shorter CHAR, is filled
** up to the column's length, as the column's values are. Spark: ApplyCharTypePadding. */
#include <stdio.h>
#include <string.h>

#include "plan/warehouse_int.h"

const char *mill_char_metadata(mill_planner *w, const mill_type *t, const char *metadata) {
  if (t->id != MILL_STRING || t->string_kind == MILL_PLAIN_STRING) return metadata;
  return mill_metadata_set(
      w, metadata, "__CHAR_VARCHAR_TYPE_STRING",
      mill_w_printf(w, "%s(%u)", t->string_kind == MILL_CHAR ? "char" : "varchar", t->length));
}

/* n of a column that is CHAR(n); 0: it is none. */
static unsigned char_length(mill_planner *w, const mill_expr *e) {
  unsigned n = 0;
  if (e->kind != MILL_X_COLUMN || e->metadata == NULL || strstr(e->metadata, "\"char(") == NULL)
    return 0;
  const mill_field f = {.metadata = e->metadata};
  const char *text = mill_metadata_text(w, &f, "__CHAR_VARCHAR_TYPE_STRING");
  return text && sscanf(text, "char(%u)", &n) == 1 ? n : 0;
}

static const mill_expr *filled(mill_planner *w, const mill_expr *e, unsigned n) {
  const mill_expr *x =
      mill_x_bound(w, "rpad", 3, e, mill_x_int(w, (int32_t)n), mill_x_string(w, " "));
  mill_expr *named = x ? mill_x_copy(w, x) : NULL;
  if (named) named->pretty = mill_w_sql(w, e);
  return named;
}

static bool compares(const mill_expr *e) {
  static const char *const names[] = {"=", "<=>", "<", "<=", ">", ">=", "!=", "in", NULL};
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(e, names[i])) return e->nargs >= 2;
  return false;
}

bool mill_pad_chars(mill_planner *w, mill_expr *e) {
  unsigned most = 0;
  if (!compares(e)) return true;
  for (int i = 0; i < e->nargs; i++) {
    unsigned n = char_length(w, e->args[i]);
    if (n > most) most = n;
  }
  for (int i = 0; most && i < e->nargs; i++) {
    const mill_expr *a = e->args[i];
    unsigned n = char_length(w, a);
    if (n == most || a->type->id != MILL_STRING || (n == 0 && !mill_x_foldable(a))) continue;
    e->args[i] = filled(w, a, most);
    if (e->args[i] == NULL) return false;
  }
  return w->status == MILL_OK;
}
