/* Searches against memmem, at every length, place and alignment of short texts. */
#include "base/find.h"

#include <stdbool.h>
#include <string.h>

#include "../check.h"

static char text[200];

static bool agree(const char *p, size_t n, const char *what, size_t m) {
  return mill_find(p, n, what, m) == (const char *)memmem(p, n, what, m);
}

/* A needle put at each place, or nowhere, in a text full of near misses. */
static void test_places(size_t m) {
  bool ok = true;
  char what[100];
  for (size_t k = 0; k < m; k++) what[k] = (char)(k + 1 == m ? 'z' : k == 0 ? 'a' : 'm');
  for (size_t n = 0; n < 120; n++)
    for (size_t at = 0; at <= n; at++) {
      for (size_t i = 0; i < n; i++) text[i] = "azm"[(i * 7 + at) % 3];
      ok &= agree(text, n, what, m);
      if (at + m <= n) memcpy(text + at, what, m);
      ok &= agree(text, n, what, m) && agree(text + 3, n > 3 ? n - 3 : 0, what, m);
    }
  CHECK(ok, "needles of %zu bytes", m);
}

int main(void) {
  for (size_t m = 1; m <= 70; m += m < 20 ? 1 : 7) test_places(m);
  CHECK(mill_find("", 0, "a", 1) == NULL);
  CHECK(mill_find("\xff\x00\xff\x01", 4, "\xff\x01", 2) != NULL);
  return check_done();
}
