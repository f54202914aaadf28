/* Expectations: RFC 8259. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "../check.h"

static mill_memory *m;

/* Parses and writes again; NULL in `want`: must be refused. */
static bool again(const char *text, const char *want) {
  mill_arena a;
  mill_text t;
  mill_json *j = NULL;
  mill_error err;
  mill_error_clear(&err);
  mill_arena_init(&a, m);
  mill_text_init(&t, m);
  bool ok = mill_json_parse(text, strlen(text), &a, &j, &err) == MILL_OK;
  if (ok) CHECK(mill_json_write(j, &t, &err) == MILL_OK);
  bool same = ok ? want && strcmp(t.data, want) == 0 : want == NULL;
  mill_text_clear(&t);
  mill_arena_clear(&a);
  return same;
}

static bool lenient(const char *text, unsigned options) {
  mill_json_reader r;
  mill_json_start(&r, text, strlen(text), options);
  mill_json_token t = mill_json_next(&r);
  return mill_json_skip(&r, t) && mill_json_next(&r) == MILL_JSON_END && mill_json_at_end(&r);
}

static void forms(void) {
  CHECK(again(" {\"a\" : [1, 2.50, -0e+3, true, null, \"x\\u00e9\\n\"] } ",
              "{\"a\":[1,2.50,-0e+3,true,null,\"x\xc3\xa9\\n\"]}"));
  CHECK(again("[]", "[]") && again("{}", "{}") && again("\"\"", "\"\""));
  CHECK(again("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"") && again("\"\\u0001\"", "\"\\u0001\""));
  CHECK(again("\"\\ud83dx\"", "\"?x\""));
  static const char *const bad[] = {"",       "{",     "[1,]",   "{\"a\":}", "{\"a\" 1}", "{a:1}",
                                    "'a'",    "01",    "1.",     "1e",       "-",         "nul",
                                    "truex",  "[1 2]", "\"a",    "\"\\x\"",  "\"\t\"",    "1 2",
                                    "NaN",    "{,}",   "[1}",    "{\"a\":1", "\"\\u12\"", "+1",
                                    "/*x*/1", ".5",    "\"\\\"", "]",        NULL};
  for (int i = 0; bad[i]; i++) CHECK(again(bad[i], NULL), "%s", bad[i]);
  CHECK(lenient("'a'", MILL_JSON_SINGLE_QUOTES) && lenient("{a:1}", MILL_JSON_UNQUOTED_NAMES));
  CHECK(lenient("007", MILL_JSON_LEADING_ZEROS) && lenient("/*x*/1//", MILL_JSON_COMMENTS));
  CHECK(lenient("[NaN,-INF,+Infinity]", MILL_JSON_NON_NUMBERS));
  CHECK(lenient("\"\\x\"", MILL_JSON_ANY_ESCAPE) && lenient("\"\t\"", MILL_JSON_CONTROL_CHARS));
}

static void limits(void) {
  char deep[2100];
  memset(deep, '[', 1001);
  memset(deep + 1001, ']', 1001);
  deep[2002] = 0;
  CHECK(again(deep, NULL));
  deep[2001] = 0;
  CHECK(again(deep + 1, deep + 1));
}

static void members(void) {
  const char *text = "{\"n\":7,\"d\":1.5,\"s\":\"x\",\"b\":true,\"n\":8}";
  mill_arena a;
  mill_json *j;
  mill_arena_init(&a, m);
  CHECK(mill_json_parse(text, strlen(text), &a, &j, NULL) == MILL_OK && j->n == 5);
  CHECK(mill_json_int(j, "n", 0) == 8 && mill_json_double(j, "d", 0) == 1.5);
  CHECK(strcmp(mill_json_text(j, "s", ""), "x") == 0 && mill_json_bool(j, "b", false));
  CHECK(mill_json_int(j, "s", -1) == -1 && mill_json_get(j, "zz") == NULL);
  mill_arena_clear(&a);
  static const char deep[] = "{\"a\":{\"n\":1},\"b\":[{\"n\":2}],\"n\":7,\"s\":\"x\"}";
  CHECK(mill_json_peek_int(deep, strlen(deep), "n", -1) == 7);
  CHECK(mill_json_peek_int(deep, strlen(deep), "s", -1) == -1);
  CHECK(mill_json_peek_int(deep, strlen(deep) - 1, "n", -1) == -1);
  CHECK(mill_json_peek_int("12", 2, "n", -1) == -1 && mill_json_peek_int("", 0, "n", -1) == -1);
}

int main(void) {
  m = mill_memory_new(0);
  forms();
  limits();
  members();
  mill_error err;
  mill_error_clear(&err);
  mill_arena a;
  mill_json *j;
  mill_arena_init(&a, m);
  CHECK(mill_json_parse("[1,x]", 5, &a, &j, &err) == MILL_E_MALFORMED_JSON);
  CHECK(strstr(mill_error_message(&err), "byte 4") != NULL);
  mill_arena_clear(&a);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
