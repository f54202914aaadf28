#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"

/* Fails call number `at` (1: the next). */
typedef struct failing {
  int at, seen;
} failing;

static int fail_at(void *arg, mill_file_call call, const char *path) {
  failing *f = arg;
  (void)call, (void)path;
  return ++f->seen == f->at ? ENOSPC : 0;
}

static mill_memory *m;
static char base[] = "/tmp/tidemill_file_XXXXXX";

static void path_of(const char *name, char *out) {
  strcpy(out, base);
  strcat(out, "/");
  strcat(out, name);
}

static bool holds(const char *path, const char *want) {
  mill_text t;
  mill_error err;
  mill_error_clear(&err);
  mill_text_init(&t, m);
  bool ok = mill_file_load(NULL, m, path, 0, &t, &err) == MILL_OK && t.size == strlen(want) &&
            memcmp(t.data, want, t.size) == 0;
  mill_text_clear(&t);
  return ok;
}

static size_t entries(void) {
  mill_names names;
  mill_names_init(&names, m);
  CHECK(mill_folder_list(NULL, base, &names, NULL) == MILL_OK);
  size_t n = names.n;
  mill_names_clear(&names);
  return n;
}

/* Whatever call fails, the old or the new content is there, whole, and no temporary file stays. */
static void replace_fails(const char *path) {
  bool done = false;
  for (int at = 1; !done; at++) {
    CHECK(mill_file_replace(NULL, m, path, "old", 3, NULL) == MILL_OK);
    failing f = {at, 0};
    mill_files fs = {fail_at, &f};
    mill_error err;
    mill_error_clear(&err);
    mill_status s = mill_file_replace(&fs, m, path, "new!", 4, &err);
    CHECK(s == MILL_OK ? holds(path, "new!") : holds(path, "old") || holds(path, "new!"));
    CHECK(s == MILL_OK || strstr(mill_error_message(&err), "No space left") != NULL);
    CHECK(entries() == 1);
    done = f.seen < at;
  }
}

/* What a killed process left goes when the next temporary name is made; what a living one holds stays. */
static void dead_owners(void) {
  mill_error err;
  mill_text name, other;
  mill_file f, lock;
  char path[200];
  mill_error_clear(&err);
  mill_text_init(&name, m);
  mill_text_init(&other, m);
  path_of("saved", path);
  size_t before = entries();
  pid_t child = fork();
  if (child == 0) {
    bool made = mill_file_temporary(NULL, m, path, &name, &f, &err) == MILL_OK &&
                mill_folder_temporary(NULL, m, base, &other, &lock, &err) == MILL_OK;
    if (made) raise(SIGKILL);
    _exit(1);
  }
  int how;
  CHECK(waitpid(child, &how, 0) == child && WIFSIGNALED(how));
  CHECK(entries() == before + 2);
  CHECK(mill_file_temporary(NULL, m, path, &name, &f, &err) == MILL_OK && entries() == before + 2);
  CHECK(mill_folder_temporary(NULL, m, base, &other, &lock, &err) == MILL_OK);
  CHECK(entries() == before + 2);
  CHECK(mill_file_replace(NULL, m, path, "1", 1, &err) == MILL_OK && entries() == before + 3);
  mill_file_clear(&f);
  mill_file_clear(&lock);
  CHECK(mill_folder_sweep(NULL, m, base, &err) == MILL_OK && entries() == before + 2);
  CHECK(mill_folder_remove(NULL, other.data, &err) == MILL_OK);
  CHECK(mill_file_remove(NULL, path, &err) == MILL_OK && entries() == before);
  mill_text_clear(&name);
  mill_text_clear(&other);
}

int main(void) {
  m = mill_memory_new(0);
  mill_error err;
  mill_error_clear(&err);
  char path[200], deep[200];
  CHECK(mkdtemp(base) != NULL);
  path_of("a.txt", path);
  replace_fails(path);
  dead_owners();
  mill_file f;
  CHECK(mill_file_open(NULL, m, path, MILL_FILE_CREATE, &f, &err) == MILL_E_PATH_ALREADY_EXISTS);
  path_of("none", deep);
  CHECK(mill_file_open(NULL, m, deep, MILL_FILE_READ, &f, &err) == MILL_E_PATH_NOT_FOUND);
  bool held;
  mill_file g;
  CHECK(mill_file_lock(NULL, m, path, &f, &held, &err) == MILL_OK && !held);
  CHECK(mill_file_lock(NULL, m, path, &g, &held, &err) == MILL_OK && held);
  mill_file_clear(&f);
  path_of("x/y/z", deep);
  CHECK(mill_folder_make(NULL, deep, &err) == MILL_OK && mill_folder_make(NULL, deep, &err) == 0);
  mill_file_info info;
  CHECK(mill_file_stat(NULL, deep, &info, &err) == MILL_OK && info.exists && info.folder);
  path_of("x/y/file", path);
  CHECK(mill_file_replace(NULL, m, path, "1", 1, &err) == MILL_OK);
  path_of("x/link", path);
  CHECK(symlink("/", path) == 0);  /* removed, not followed */
  mill_memory_fail_at(m, 1, true); /* clean-up works when memory has run out */
  CHECK(mill_folder_remove(NULL, base, &err) == MILL_OK);
  mill_memory_fail_at(m, 0, false);
  CHECK(mill_file_stat(NULL, base, &info, &err) == MILL_OK && !info.exists);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
