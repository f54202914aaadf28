/* Runs that matches hold, by hand from the grammar of expressions; and that matching texts do hold them. */
#include "base/regex_literal.h"

#include <string.h>

#include "../check.h"
#include "base/regex.h"

static void want(const char *expected, bool decides, const char *s) {
  char out[100];
  bool whole;
  size_t n = mill_regex_literal(s, strlen(s), out, &whole);
  CHECK(n == strlen(expected) && memcmp(out, expected, n) == 0, "%s: got <%.*s> want <%s>", s,
        (int)n, out, expected);
  if (n) CHECK(whole == decides, "%s: decides", s);
}

/* A text that matches has the literal. */
static void holds(const char *s, const char *text) {
  char out[100];
  bool whole;
  size_t n = mill_regex_literal(s, strlen(s), out, &whole);
  mill_memory *m = mill_memory_new(0);
  mill_arena a;
  mill_error err;
  mill_error_clear(&err);
  mill_arena_init(&a, m);
  const mill_regex *r = NULL;
  mill_search search = {0};
  bool ready = mill_regex_new(&a, s, strlen(s), false, &r, &err) == MILL_OK && r &&
               mill_search_init(&search, r, &err) == MILL_OK;
  CHECK(ready && mill_search_run(&search, text, strlen(text), 0) == MILL_FOUND, "%s matches %s", s,
        text);
  CHECK(n == 0 || memmem(text, strlen(text), out, n) != NULL, "%s: <%.*s> is in %s", s, (int)n, out,
        text);
  mill_search_clear(&search);
  mill_arena_clear(&a);
  mill_memory_free(m);
}

int main(void) {
  want("google", true, "google");
  want("77&", false, "item=[0-9]*77&");
  want("7&", false, "item=[0-9]*7&");
  want("item=", false, "item=[0-9]*7");
  want("://", false, "^https?://(?:www\\.)?([^/]+)/.*$");
  want("a.b", true, "a\\.b");
  want("ab", false, "abc?");
  want("ab", false, "ab+c");
  want("ab", false, "abc{0,2}");
  want("\xc3\xa9t", false, "\xc3\xa9t\xc3\xa9*");
  want("xy", false, "[^]a-z]xy$");
  want("yz", false, "(a|b)yz");
  want("", false, "ab|cd");
  want("", false, "(?i)abc");
  want("", false, "a(?x: b c )de");
  want("", false, "ab\\x41cd");
  want("", false, "\\Qa.b\\E");
  want("", false, "[[:alpha:]]bc");
  want("", false, "a");
  want("", false, "");
  want("", false, "abc)");
  want("", false, "(*UTF)abc");
  want("", false, "(abc");
  holds("item=[0-9]*77&", "x?item=177&");
  holds("abc{0,2}d+", "zzabd");
  holds("\\d+\\s\\wab\\b", "12 xab");
  holds("(?<name>ab|c)de?f", "cdf");
  holds("ab??c++d", "accd");
  holds("a\\]b]c}", "a]b]c}");
  return check_done();
}
