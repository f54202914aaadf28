/* Path patterns: what Hadoop's GlobPattern and FileSystem.globStatus document. */
#include "base/glob.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"

static mill_memory *memory;

static int match(const char *pattern, const char *name) {
  mill_error err;
  mill_error_clear(&err);
  bool out = false;
  mill_status s = mill_glob_match(memory, pattern, name, &out, &err);
  return s == MILL_OK ? out : -1;
}

static void names(void) {
  CHECK(match("*", "abc") == 1);
  CHECK(match("*.csv", "a.csv") == 1 && match("*.csv", "a.csv.gz") == 0);
  CHECK(match("a?c", "abc") == 1 && match("a?c", "ac") == 0 &&
        match("a?c", "a\xc3\xa9"
                     "c") == 1);
  CHECK(match("[a-c]x", "bx") == 1 && match("[a-c]x", "dx") == 0);
  CHECK(match("[^a-c]x", "dx") == 1 && match("[^a-c]x", "ax") == 0 && match("[!a]", "b") == 1);
  CHECK(match("{ab,cd}e", "abe") == 1 && match("{ab,cd}e", "cde") == 1);
  CHECK(match("{a,b{c,d}}*", "bdx") == 1 && match("{a,b{c,d}}*", "bx") == 0);
  CHECK(match("a\\*b", "a*b") == 1 && match("a\\*b", "axb") == 0);
  CHECK(match("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa") == 0);
  CHECK(match("{a", "a") == -1 && match("[a", "a") == -1 && match("a\\", "a") == -1);
  CHECK(match("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "x") ==
        -1);
}

static int expand(const char *pattern, char *joined) {
  mill_error err;
  mill_error_clear(&err);
  mill_names out;
  mill_names_init(&out, memory);
  mill_status s = mill_glob_expand(NULL, memory, pattern, &out, &err);
  *joined = 0;
  for (size_t i = 0; i < out.n; i++) strcat(strcat(joined, out.name[i]), " ");
  mill_names_clear(&out);
  return s == MILL_OK;
}

static void folders(void) {
  char folder[] = "/tmp/mill_glob_XXXXXX", joined[4096];
  CHECK(mkdtemp(folder) != NULL);
  CHECK(chdir(folder) == 0);
  static const char *const dirs[] = {"x", "x/a=1", "x/a=2", "y"};
  static const char *const files[] = {"x/a=1/f.csv", "x/a=2/f.csv", "x/a=2/g.csv", "y/f.csv",
                                      "y/.h.csv"};
  for (int i = 0; i < 4; i++) mkdir(dirs[i], 0700);
  for (int i = 0; i < 5; i++) fclose(fopen(files[i], "w"));
  CHECK(expand("x/*/f.csv", joined));
  CHECK_STR(joined, "x/a=1/f.csv x/a=2/f.csv ");
  CHECK(expand("{y,x/a=2}/*.csv", joined));
  CHECK_STR(joined, "x/a=2/f.csv x/a=2/g.csv y/.h.csv y/f.csv ");
  CHECK(expand("{x,x,?}", joined));
  CHECK_STR(joined, "x y ");
  CHECK(expand("*/nothing", joined));
  CHECK_STR(joined, "");
  CHECK(expand("y/f.csv/*", joined));
  CHECK_STR(joined, "");
  CHECK(expand("./x/a=[2-9]/", joined));
  CHECK_STR(joined, "./x/a=2 ");
  mill_error err;
  mill_error_clear(&err);
  CHECK(chdir("/") == 0 && mill_folder_remove(NULL, folder, &err) == MILL_OK);
}

/* Every allocation fails once: an error, no leak. */
static void short_of_memory(void) {
  bool done = false;
  for (uint64_t n = 1; !done && n < 200; n++) {
    mill_error err;
    mill_error_clear(&err);
    bool out;
    mill_memory_fail_at(memory, n, false);
    done = mill_glob_match(memory, "{a,b{c,d}}*", "bdx", &out, &err) == MILL_OK;
    mill_memory_fail_at(memory, 0, false);
    if (mill_memory_read(memory).blocks != 0) break;
  }
  CHECK(done && mill_memory_read(memory).blocks == 0);
}

int main(void) {
  memory = mill_memory_new(0);
  names();
  folders();
  short_of_memory();
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  return check_done();
}
