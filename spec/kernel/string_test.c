/* Texts: answers of Spark 4.3 (conformance: functions/string, functions/predicate). */
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

int main(void) {
  bench_open();
  test_parts();
  test_find();
  test_build();
  test_like();
  return bench_close();
}
