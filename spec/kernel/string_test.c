/* Texts: answers of Spark 4.3 (conformance: functions/string, functions/predicate). */
#include "base/thread.h"
#include "call.h"

static void test_parts(void) {
  want("idem", "substring", "STRING:tidemill", "INT:2", "INT:4", NULL);
  want("a", "substring", "STRING:abc", "INT:-5", "INT:3", NULL);
  want("ll", "substr", "STRING:tidemill", "INT:-2", NULL);
  want("", "left", "STRING:tide", "INT:-1", NULL);
  want("\xc3\xa9t\xc3\xa9", "right", "STRING:un \xc3\xa9t\xc3\xa9", "INT:3", NULL);
  want("a.b", "substring_index", "STRING:a.b.c", "STRING:.", "INT:2", NULL);
  want("b.c", "substring_index", "STRING:a.b.c", "STRING:.", "INT:-2", NULL);
  want("abc", "ltrim", "STRING:xy", "STRING:yxabc", NULL);
  want("3", "length", "STRING:\xc3\xa9t\xc3\xa9", NULL);
}

static void test_find(void) {
  want("5", "instr", "STRING:tidemill", "STRING:mill", NULL);
  want("1", "locate", "STRING:", "STRING:abc", "INT:2", NULL);
  want("7", "locate", "STRING:l", "STRING:tidemill", "INT:2", NULL);
  want("true", "startswith", "STRING:tidemill", "STRING:tide", NULL);
  want("false", "endswith", "STRING:tidemill", "STRING:tide", NULL);
}

static void test_build(void) {
  want("\xc3\x89T\xc3\x89", "upper", "STRING:\xc3\xa9t\xc3\xa9", NULL);
  want("***mill", "lpad", "STRING:mill", "INT:7", "STRING:*", NULL);
  want("mi", "rpad", "STRING:mill", "INT:2", "STRING:*", NULL);
  want("a--b", "replace", "STRING:a-b", "STRING:-", "STRING:--", NULL);
  want("TideMill", "translate", "STRING:tidemill", "STRING:tm", "STRING:TM", NULL);
  want("tide-mill", "concat_ws", "STRING:-", "STRING:tide", "STRING:NULL", "STRING:mill", NULL);
  want("12", "concat", "INT:1", "STRING:2", NULL);
  want("NULL", "concat", "STRING:1", "STRING:NULL", NULL);
}

static void test_like(void) {
  want("true", "like", "STRING:tidemill", "STRING:%mill", NULL);
  want("true", "like", "STRING:tidemill", "STRING:tide%", NULL);
  want("true", "like", "STRING:tidemill", "STRING:%dem%", NULL);
  want("true", "like", "STRING:tidemill", "STRING:t_d%m%l", NULL);
  want("false", "like", "STRING:tidemill", "STRING:t_d%m%_tidemill", NULL);
  want("true", "like", "STRING:\xc3\xa9t\xc3\xa9", "STRING:_t_", NULL);
  want("false", "like", "STRING:tidemill", "STRING:tide", NULL);
  want("true", "like", "STRING:", "STRING:%", NULL);
  want("true", "like", "STRING:10%", "STRING:10\\%", NULL);
  want("true", "like", "STRING:a_b", "STRING:a#_b", "STRING:#", NULL);
  want("true", "ilike", "STRING:TideMILL", "STRING:%mill", NULL);
  want("true", "like", "STRING:aab", "STRING:%ab", NULL);
  want("!INVALID_FORMAT.ESC_AT_THE_END", "like", "STRING:a", "STRING:a\\", NULL);
  want("!INVALID_FORMAT.ESC_IN_THE_MIDDLE", "like", "STRING:a", "STRING:\\ab", NULL);
}

/* Work is to stop at the third look: the first two may be of the memory that a result takes. */
static mill_status refuse(void *looks, size_t done, mill_error *err) {
  (void)done;
  if (++*(int *)looks < 3) return MILL_OK;
  return mill_fail(err, MILL_E_OPERATION_CANCELED, NULL);
}

/* Within one long text. */
static void test_stopped(void) {
  enum { LONG = 1 << 20 };
  char *text = malloc(LONG + 8);
  strcpy(text, "STRING:");
  for (size_t i = 0; i < LONG; i++) text[7 + i] = i % 2 ? ' ' : 'a';
  text[7 + LONG] = 0;
  char *digits = strdup(text), *letters = strdup(text);
  for (size_t i = 0; i < LONG; i++) {
    digits[7 + i] = 'a';
    letters[7 + i] = i % 2 ? '\xa9' : '\xc3';
  }
  mill_watch_every(0);
  for (int i = 0; i < 10; i++) {
    int looks = 0;
    mill_watch w;
    mill_watch_begin(&w, refuse, &looks);
    const char *end = "!OPERATION_CANCELED";
    if (i == 0) want(end, "replace", text, "STRING: ", "STRING:b", NULL);
    if (i == 1) want(end, "mask", text, "STRING:X", "STRING:x", "STRING:n", "STRING:NULL", NULL);
    if (i == 2) want(end, "sentences", text, "STRING:", "STRING:", NULL);
    if (i == 3) want(end, "encode", text, "STRING:UTF-16", NULL);
    if (i == 4) want(end, "split", text, "STRING:", "INT:-1", NULL);
    if (i == 5) want("abd", "replace", "STRING:abc", "STRING:c", "STRING:d", NULL);
    if (i == 6) want(end, "url_encode", text, NULL);
    if (i == 7) want(end, "unhex", digits, NULL);
    if (i == 8) want(end, "initcap", letters, NULL);
    if (i == 9) want(end, "lpad", "STRING:a", "INT:1000000", "STRING:xy", NULL);
    mill_watch_end(&w);
    mill_error_clear(&B.err);
  }
  mill_watch_every(100000000);
  free(text);
  free(digits);
  free(letters);
}

int main(void) {
  bench_open();
  test_parts();
  test_find();
  test_build();
  test_like();
  test_stopped();
  return bench_close();
}
