/* The path of SET PATH: the schemas in which names of one part are looked for, in order.
**
** It is a text of entries split by commas, as current_path() shows them: "system.builtin,spark_catalog.a",
** parts in back-quotes where they are no plain words. CURRENT_SCHEMA stands for the database in use, which may
** change. What is written may also say DEFAULT_PATH, SYSTEM_PATH, CURRENT_DATABASE, and PATH for the path in
** force. Spark: SetPathCommand, spark.sql.path.enabled, spark.sql.defaultPath. */
#ifndef MILL_PLAN_SQL_PATH_H
#define MILL_PLAN_SQL_PATH_H

#include "base/text.h"
#include "plan/session.h"

#define MILL_PATH_DEFAULT "system.builtin,system.session,CURRENT_SCHEMA"
#define MILL_PATH_CONF "spark.sql.defaultPath"

/* `text` added to `out` with its words replaced: PATH by `path`, DEFAULT_PATH by `preset`. */
mill_status mill_path_write(const char *text, const char *path, const char *preset, mill_text *out,
                            mill_error *err) MILL_USE_RESULT;
/* May the text be the value of spark.sql.defaultPath? */
mill_status mill_path_check(mill_session *s, const char *text, mill_error *err) MILL_USE_RESULT;
/* Where the entry that begins at s ends: its comma, or the end of the text. */
const char *mill_path_end(const char *s);

#endif
