/* Every form gives the same answers: a call over columns - flat with nulls, flat without, one side
** constant - equals the call on each row by itself. Casts run over the columns too. */
#include "call.h"

enum { MAX_ROWS = 16 };

static const struct {
  const char *name, *args[3]; /* columns "TYPE:v;v;.." of equal length */
} cases[] = {
    {"+", {"INT:1;NULL;3;-4;5", "INT:10;20;NULL;40;50"}},
    {"+", {"TINYINT:1;2;3;-4;5", "DOUBLE:1.5;2.5;NULL;4;5"}},
    {"-", {"BIGINT:1;NULL;3;-4;5", "DECIMAL(5,2):1.25;2;NULL;4;5"}},
    {"*", {"DECIMAL(15,2):1.25;NULL;3;-4;5", "DECIMAL(16,2):1.25;2;3;4;5"}},
    {"*", {"DECIMAL(38,10):1.25;NULL;3;-4;5", "DECIMAL(38,10):1.25;2;3;4;5"}},
    {"/", {"INT:1;NULL;3;-4;5", "STRING:10;20;3;7;50"}},
    {"/", {"DECIMAL(10,2):1;NULL;3;-4;5", "INT:10;20;3;7;50"}},
    {"%", {"INT:1;NULL;3;-4;5", "INT:10;2;2;3;2"}},
    {"div", {"DOUBLE:NULL;NULL;NULL;NULL;NULL", "INT:10;2;2;3;2"}},
    {"pmod", {"INT:-1;NULL;-3;-4;5", "INT:10;2;2;3;2"}},
    {"negative", {"SMALLINT:1;NULL;3;-4;5"}},
    {"abs", {"DECIMAL(20,2):1;NULL;3;-4;5"}},
    {"=",
     {"STRING:a;b;NULL;a long text that differs;e", "STRING:a;c;x;a long text that differt;e"}},
    {"<", {"DOUBLE:1;NaN;3;NULL;-0.0", "DOUBLE:NaN;NaN;2;1;0"}},
    {">=",
     {"DATE:2024-01-01;2024-02-01;NULL;2023-01-01;2020-01-01",
      "STRING:2024-01-01;2024-01-01;2024-01-01;2024-01-01;2024-01-01"}},
    {"<=>", {"INT:1;NULL;3;NULL;5", "INT:1;NULL;4;3;NULL"}},
    {"and", {"BOOLEAN:true;false;NULL;NULL;true", "BOOLEAN:NULL;NULL;false;true;true"}},
    {"in", {"INT:1;2;NULL;4;5", "INT:1;NULL;3;9;5", "INT:7;2;3;4;NULL"}},
    {"coalesce", {"STRING:a;NULL;c;NULL;e", "STRING:v;w;x;NULL;z"}},
    {"greatest", {"INT:1;NULL;3;NULL;5", "BIGINT:2;2;2;NULL;2", "DOUBLE:0;1;9;NULL;5.5"}},
    {"if", {"BOOLEAN:true;false;NULL;true;false", "INT:1;2;3;NULL;5", "DECIMAL(3,1):1;2;3;4;NULL"}},
    {"round", {"DOUBLE:1.25;NULL;-3.5;2.675;1e20"}},
    {"ceil", {"DECIMAL(5,2):1.25;NULL;-3.5;2.67;0"}},
    {"ln", {"INT:1;NULL;-3;0;5"}},
    {"pow", {"INT:1;NULL;-3;0;5", "FLOAT:2;2;2;0;-1"}},
    {"hex", {"STRING:a;NULL;tidemill;;zz"}},
    {"substring",
     {"STRING:tidemill;NULL;a;\xc3\xa9t\xc3\xa9;long enough to be a view", "INT:2;1;-5;2;-8",
      "INT:3;1;5;9;8"}},
    {"concat",
     {"STRING:tidemill;NULL;a;b;", "INT:2;1;-5;2;-8", "STRING:x;y;z;;twelve or more bytes"}},
    {"upper", {"STRING:tidemill;NULL;a;\xc3\xa9t\xc3\xa9;"}},
    {"like", {"STRING:tidemill;NULL;a;b;", "STRING:%mill;%;_;%a;%"}},
    {"+",
     {"DATE:2024-01-31;NULL;2024-02-29;2020-01-01;2021-01-01", "INTERVAL MONTH:1;2;12;NULL;-1"}},
};

static mill_status cast_column(const mill_vector *v, const mill_type *to, uint32_t n,
                               mill_vector *out) {
  const mill_type *from = v->type;
  const mill_vector *none = NULL;
  bool nullable = true;
  const char *sql = "x";
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .nargs = 1,
                    .arg_type = &from,
                    .arg_value = &none,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &B.arena};
  MILL_TRY(mill_cast_bind(&b, to, MILL_CAST_ANSI, &B.err));
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .result = to,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &B.arena,
                    .start = -1};
  MILL_TRY(mill_vector_init(out, to, n, &B.arena, &B.err));
  for (uint32_t i = 0; i < n; i++)
    if (!mill_vector_valid(v, i)) MILL_TRY(mill_vector_set_null(out, i, &B.arena, &B.err));
  return b.kernel(&call, &v, n, out, &B.err);
}

/* The call over columns; out flat. Arguments may be constant vectors. */
static mill_status call_columns(const char *name, const mill_vector *const *given, int nargs,
                                uint32_t n, mill_vector *out) {
  const mill_type *type[3];
  const mill_vector *none[3] = {NULL}, *args[3];
  mill_vector cast[3];
  bool nullable[3] = {true, true, true};
  const char *sql[3] = {"x", "x", "x"};
  for (int k = 0; k < nargs; k++) type[k] = given[k]->type;
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .name = name,
                    .fn = mill_function_find(name, strlen(name)),
                    .nargs = nargs,
                    .arg_type = type,
                    .arg_value = none,
                    .arg_nullable = nullable,
                    .arg_sql = sql,
                    .arena = &B.arena};
  MILL_TRY(mill_function_bind(&b, &B.err));
  MILL_TRY(mill_vector_init(out, b.result, n, &B.arena, &B.err));
  for (int k = 0; k < nargs; k++) {
    args[k] = given[k];
    if (b.cast_to[k] != type[k]) {
      MILL_TRY(cast_column(given[k], b.cast_to[k], n, &cast[k]));
      args[k] = &cast[k];
    }
    for (uint32_t i = 0; !(b.fn->flags & MILL_FN_NULLS) && i < n; i++)
      if (!mill_vector_valid(args[k], i)) MILL_TRY(mill_vector_set_null(out, i, &B.arena, &B.err));
  }
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = b.fn,
                    .result = b.result,
                    .arg_type = b.cast_to,
                    .nargs = nargs,
                    .state = b.state,
                    .arena = &B.arena,
                    .start = -1};
  return b.kernel(&call, args, n, out, &B.err);
}

/* Row i of the columns, alone: `one` row of flat vectors. */
static void expect_row(size_t c, const mill_vector *const *args, int nargs, uint32_t i, char *out,
                       size_t size) {
  mill_vector row[3], result, value;
  const mill_vector *in[3];
  for (int k = 0; k < nargs; k++) {
    if (mill_vector_gather(&row[k], args[k], &i, 1, false, &B.arena, &B.err) != MILL_OK) return;
    in[k] = &row[k];
  }
  mill_status s = call_columns(cases[c].name, in, nargs, 1, &result);
  if (s == MILL_OK) s = mill_vector_constant(&value, &result, 0, &B.arena, &B.err);
  snprintf(out, size, "%s", s == MILL_OK ? text_of(&value) : mill_condition_name(s));
}

static void check_form(size_t c, const mill_vector *const *args, int nargs, uint32_t n,
                       const char *form) {
  mill_vector result, value;
  char want_text[256];
  mill_status s = call_columns(cases[c].name, args, nargs, n, &result);
  for (uint32_t i = 0; i < n; i++) {
    expect_row(c, args, nargs, i, want_text, sizeof want_text);
    if (s != MILL_OK) break;
    s = mill_vector_constant(&value, &result, i, &B.arena, &B.err);
    const char *got = s == MILL_OK ? text_of(&value) : "?";
    CHECK(strcmp(got, want_text) == 0, "%s, %s, row %u: <%s> <%s>", cases[c].name, form, i, got,
          want_text);
  }
  CHECK(s == MILL_OK || strcmp(cases[c].name, "div") == 0, "%s, %s: %s", cases[c].name, form,
        mill_error_message(&B.err));
}

int main(void) {
  bench_open();
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const mill_vector *args[3], *form[3];
    int nargs = 0;
    mill_error_clear(&B.err);
    for (; nargs < 3 && cases[c].args[nargs]; nargs++) {
      const char *spec = cases[c].args[nargs], *colon = strchr(spec, ':');
      args[nargs] = column_of(type_named(spec, (size_t)(colon - spec)), colon + 1);
    }
    uint32_t n = args[0]->size;
    check_form(c, args, nargs, n, "flat");
    for (int k = 0; k < nargs; k++) { /* one argument constant: its row 0, then row 1 */
      for (uint32_t row = 0; row < 2; row++) {
        mill_vector constant;
        memcpy(form, args, sizeof form);
        if (mill_vector_constant(&constant, args[k], row, &B.arena, &B.err) != MILL_OK) return 1;
        form[k] = &constant;
        check_form(c, form, nargs, n, k ? "second constant" : "first constant");
      }
    }
    mill_arena_clear(&B.arena);
  }
  return bench_close();
}
