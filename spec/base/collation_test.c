/* Collations: names, and what is equal and before what by the rules of Unicode (UTS 10, the root collation). */
#include "base/collation.h"

#include <string.h>

#include "../check.h"

static int id_of(const char *name) {
  int id = -1;
  return mill_collation_find(name, strlen(name), &id) ? id : -1;
}

static int order(const char *name, const char *a, const char *b) {
  return mill_collation_compare(id_of(name), a, strlen(a), b, strlen(b));
}

static bool same_hash(const char *name, const char *a, const char *b) {
  int id = id_of(name);
  return mill_collation_hash(id, a, strlen(a)) == mill_collation_hash(id, b, strlen(b));
}

static void equal(const char *name, const char *a, const char *b) {
  CHECK(order(name, a, b) == 0 && same_hash(name, a, b), "%s: <%s> <%s>", name, a, b);
}

static void before(const char *name, const char *a, const char *b) {
  CHECK(order(name, a, b) < 0 && order(name, b, a) > 0, "%s: <%s> <%s>", name, a, b);
}

static void names(void) {
  static const char *const good[] = {"UTF8_BINARY", "UTF8_LCASE",    "UTF8_BINARY_RTRIM",
                                     "UNICODE",     "UNICODE_CI_AI", "en_USA_AI_RTRIM",
                                     "sr_Cyrl_SRB", "de_CI_AI_RTRIM"};
  static const char *const bad[] = {
      "", "nope", "UTF8_BINARY_CI", "UNICODE_XX", "UNICODE_CI_CS", "en_US", "UNICODE_RTRIM_CI"};
  char name[MILL_COLLATION_NAME];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    CHECK_STR(mill_collation_name(id_of(good[i]), name), good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(id_of(bad[i]) < 0, "%s", bad[i]);
  CHECK(id_of("de_ai_ci") == id_of("de_CI_AI"));
  CHECK(id_of("system.builtin.unicode") == id_of("UNICODE"));
}

int main(void) {
  names();
  before("UTF8_BINARY", "B", "a");
  before("UTF8_LCASE", "a", "B");
  equal("UTF8_LCASE", "ÄBC", "äbc");
  equal("UTF8_BINARY_RTRIM", "a  ", "a");
  before("UTF8_BINARY", "a", "a ");
  equal("UTF8_LCASE_RTRIM", "A ", "a");
  if (mill_collation_open(id_of("UNICODE"), NULL) !=
      MILL_OK) { /* no ICU: a clear error is all there is */
    mill_error err;
    mill_error_clear(&err);
    CHECK(mill_collation_open(id_of("de_CI"), &err) == MILL_E_COLLATION_NOT_AVAILABLE);
    return check_done();
  }
  static const char *const used[] = {"UNICODE_CI", "UNICODE_AI", "UNICODE_CI_AI", "sv", "de"};
  for (size_t i = 0; i < sizeof used / sizeof *used; i++)
    CHECK(mill_collation_open(id_of(used[i]), NULL) == MILL_OK);
  before("UNICODE", "a", "A");
  before("UNICODE", "A", "ä");
  before("UNICODE", "ä", "b");
  equal("UNICODE_CI", "abc", "ABC");
  before("UNICODE_CI", "a", "á");
  equal("UNICODE_AI", "e", "é");
  before("UNICODE_AI", "e", "E");
  equal("UNICODE_CI_AI", "É", "e");
  equal("UNICODE_CI_AI", "ß", "ss");
  before("sv", "z", "ä"); /* Swedish has its letters with dots at the end */
  before("de", "ä", "z");
  CHECK(mill_collation_fold(id_of("UNICODE_CI_AI"), 0xc9) == 'e'); /* É */
  CHECK(mill_collation_fold(id_of("UTF8_LCASE"), 'A') == 'a');
  CHECK(mill_collation_fold(id_of("UNICODE"), 'A') == 'A');
  return check_done();
}
