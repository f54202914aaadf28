rockspec_format = "3.0"
package = "tidemill"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Apache Spark's data engineering for machine learning, inside a Lua process",
  license = "MIT",
  labels = { "dataframe", "sql", "streaming", "machine-learning" },
}
dependencies = { "lua >= 5.4, < 5.5", "lua-cjson >= 2.1" }
test_dependencies = { "busted >= 2.1" }
external_dependencies = {
  ZSTD = { header = "zstd.h" },
  ZLIB = { header = "zlib.h" },
  LZ4 = { header = "lz4.h" },
  PCRE2 = { header = "pcre2.h" },
  UTF8PROC = { header = "utf8proc.h" },
}
build = {
  type = "make",
  build_target = "all",
  build_variables = { CFLAGS = "$(CFLAGS)", LUA_INCDIR = "$(LUA_INCDIR)" },
  install_target = "install",
  install_variables = { LUA_DIR = "$(LUADIR)", LIB_DIR = "$(LIBDIR)" },
}
test = { type = "command", command = "make test" }
