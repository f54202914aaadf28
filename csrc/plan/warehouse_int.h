/* Tables by name inside csrc/plan: what commands and relations share. Private.
**
** Functions that give a pointer or bool give NULL or false when they failed: w->status. */
#ifndef MILL_PLAN_WAREHOUSE_INT_H
#define MILL_PLAN_WAREHOUSE_INT_H

#include "plan/definition.h"
#include "plan/plan_int.h"
#include "plan/warehouse.h"

typedef struct mill_table_name {
  const char *database, *name;
} mill_table_name;

/* The text of a view, from the catalogue or of the session. */
typedef struct mill_view_text {
  const char *text, *database; /* database: in use when it was made */
  const char *path;            /* of its names, as of then; NULL: none was in force */
  const char *const *names;    /* columns of the view .. */
  const char *const *columns;  /* .. as its query calls them */
  const char *const *comments; /* NULL: none */
  int n;
  const mill_type *schema; /* as it was made */
  const char *mode;        /* NULL: COMPENSATION */
  const char *collation;   /* DEFAULT COLLATION; NULL: none */
  mill_options settings;
} mill_view_text;

/* The catalogue as of now. */
mill_catalog *mill_w_catalog(mill_planner *w);
const char *mill_w_database(mill_planner *w);                /* the one in use */
const char *mill_w_fold(mill_planner *w, const char *name);  /* as it is stored */
const char *mill_w_small(mill_planner *w, const char *name); /* as names of functions are */
/* Of one, two or three parts. */
bool mill_w_table_name(mill_planner *w, const mill_node *n, const char *const *parts, int nparts,
                       mill_table_name *out);
/* A name that is to be given: INVALID_SCHEMA_OR_RELATION_NAME. */
bool mill_w_new_name(mill_planner *w, const mill_node *n, const char *name);
/* `spark_catalog`.`database`.`name`; and of a database. */
const char *mill_w_full_name(mill_planner *w, mill_table_name name);
const char *mill_w_full_database(mill_planner *w, const char *database);
/* The folder that a LOCATION says, below the warehouse's where it does not begin at the root. INVALID_EMPTY_LOCATION. */
const char *mill_w_location(mill_planner *w, const mill_node *n, const char *said);
/* *out NULL: there is none. */
bool mill_w_find_table(mill_planner *w, mill_table_name name, const mill_catalog_table **out);
bool mill_w_find_database(mill_planner *w, const char *name, const mill_catalog_database **out);
/* TABLE_OR_VIEW_NOT_FOUND, SCHEMA_NOT_FOUND. */
const mill_node *mill_w_no_table(mill_planner *w, const mill_node *n);
/* The same, by its full name: of calls, which look in one database. */
const mill_node *mill_w_no_such_table(mill_planner *w, const mill_node *n, mill_table_name name);
const mill_node *mill_w_no_database(mill_planner *w, const mill_node *n, const char *name);
const mill_catalog_table *mill_w_need_table(mill_planner *w, const mill_node *n);
/* The same for what changes a table: EXPECT_TABLE_NOT_VIEW where `operation` meets a view. */
const mill_catalog_table *mill_w_need_own_table(mill_planner *w, const mill_node *n,
                                                const char *operation);
const mill_catalog_database *mill_w_need_database(mill_planner *w, const mill_node *n,
                                                  const char *name);
/* The database that a statement names by parts, or the one in use. */
const char *mill_w_named_database(mill_planner *w, const mill_node *n);
/* Is it the name of a temporary view? */
mill_plan *mill_w_temporary(mill_planner *w, const char *const *parts, int nparts);
/* What its rows are cached by. */
const char *mill_w_temporary_key(mill_planner *w, const char *const *parts, int nparts);

/* A transaction: begin, changes of the catalogue, end. */
bool mill_w_begin(mill_planner *w);
bool mill_w_end(mill_planner *w, bool good); /* commit, or roll back what failed */

/* sql_path.c: SET PATH, and a schema of the path. */
typedef struct mill_path_entry {
  const char *const *parts;
  int n;
  bool builtin, session; /* system.builtin, system.session */
} mill_path_entry;

const mill_node *mill_set_path(mill_planner *w, const mill_node *n);
/* The path in force; NULL: the default one, which lookups know by heart. */
const char *mill_w_path(const mill_planner *w);
/* The next entry; false: there is none, or w->status. */
bool mill_path_next(mill_planner *w, const char **at, mill_path_entry *out);
/* Is it a database? One of another catalogue, or below another, fails as Spark's lookup of `name` does. */
bool mill_path_schema(mill_planner *w, const mill_path_entry *e, const char *name);
/* Is system.builtin (or system.session) on the path? */
bool mill_path_holds(mill_planner *w, bool builtin);
/* A relation of one part as the path finds it: with its full name, or as it is where it is of the session or no
** path is in force. NULL: it finds none. */
const mill_node *mill_path_relation(mill_planner *w, const mill_node *n);
/* The path for what lasts (`lasting`), or is made now: NULL where none is in force. */
const char *mill_path_kept(mill_planner *w, bool lasting);
const char *mill_path_shown(mill_planner *w, const char *path); /* a blank behind each comma */

/* table_scan.c: the rows of a table, its columns called by it. */
const mill_node *mill_table_relation(mill_planner *w, const mill_catalog_table *t);
/* Of some of its files; NULL names: all. `partitions`: those that are read. */
const mill_node *mill_table_files(mill_planner *w, const mill_catalog_table *t,
                                  const mill_catalog_partition *p, size_t n);
/* The schema that a table's rows have: nothing is NOT NULL, CHAR and VARCHAR are STRING. */
const mill_type *mill_table_schema(mill_planner *w, const mill_catalog_table *t);
const char *mill_partition_place(mill_planner *w, const mill_catalog_table *t,
                                 const mill_catalog_partition *p);

/* view.c */
const mill_node *mill_view_relation(mill_planner *w, const mill_catalog_table *t);
const mill_node *mill_text_view(mill_planner *w, const mill_view_text *v, const char *name,
                                const char *const *parts, int nparts);
const mill_node *mill_create_view(mill_planner *w, const mill_node *n);
const mill_node *mill_drop_view(mill_planner *w, const mill_node *n);
const mill_node *mill_alter_view(mill_planner *w, const mill_node *n);

/* partition.c: "y=2024/r=n" of a spec; `all`: every partition column must be there. */
const char *mill_partition_path(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                                const mill_partition_spec *spec, bool all);
const mill_node *mill_alter_partitions(mill_planner *w, const mill_node *n,
                                       const mill_catalog_table *t);
const mill_node *mill_show_partitions(mill_planner *w, const mill_node *n);
const mill_node *mill_repair(mill_planner *w, const mill_node *n);
/* Partitions that a spec covers, of all of them where it is NULL. */
bool mill_partitions_of(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const mill_partition_spec *spec, mill_catalog_partition **out,
                        size_t *count);

/* column_default.c */
/* The metadata of a column with comment, default and CHAR(n); NULL: none of them. */
const char *mill_column_metadata(mill_planner *w, const mill_column *c);
bool mill_check_default(mill_planner *w, const char *statement, const char *name,
                        const mill_type *type, const mill_expr *preset, const char *text);
/* What a column gets where nothing is said: its DEFAULT, or NULL of its type. */
const mill_expr *mill_column_default(mill_planner *w, const mill_field *f);
const char *mill_metadata_text(mill_planner *w, const mill_field *f, const char *name);
/* The metadata with that member; value NULL: without. */
const char *mill_metadata_set(mill_planner *w, const char *metadata, const char *name,
                              const char *value);
/* VALUES or a select list where DEFAULT stands for what its column gets. Not analysed yet. */
const mill_node *mill_fill_defaults(mill_planner *w, const mill_node *n,
                                    const mill_field *const *targets, int ntargets);

/* store_assignment.c */
bool mill_can_up_cast(const mill_type *from, const mill_type *to); /* nothing is lost */
/* Rows of n's child for a table: all columns in the table's order, partition columns last. */
const mill_node *mill_stored_rows(mill_planner *w, const mill_node *n, const mill_catalog_table *t);
/* A text as the CHAR or VARCHAR t keeps it: padded, or an error where it is too long. */
const mill_expr *mill_sized_text(mill_planner *w, const mill_type *t, const mill_expr *e);
/* A value for the column f, as INSERT and UPDATE store it. */
const mill_expr *mill_stored_value(mill_planner *w, const mill_catalog_table *t,
                                   const mill_field *f, const mill_expr *e);

/* table_write.c: new files of a table, added in the running transaction. */
bool mill_table_write(mill_planner *w, const mill_catalog_table *t, const mill_node *rows,
                      bool overwrite, const char *below);

/* change_rows.c: may rows of the table change (or UNSUPPORTED_FEATURE.TABLE_OPERATION); its rows for it;
** SET of UPDATE and MERGE. */
bool mill_table_changes(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const char *operation);
/* Those that meet the condition of n go, within its transaction. */
bool mill_delete_rows(mill_planner *w, const mill_node *n, const mill_catalog_table *t);
const mill_node *mill_target_rows(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                                  const mill_catalog_partition *p, size_t count);
bool mill_check_assignments(mill_planner *w, const mill_node *rows, const mill_catalog_table *t,
                            const mill_assignment *const *set, int n);
const mill_expr *mill_assigned_value(mill_planner *w, const mill_scope *s,
                                     const mill_catalog_table *t, const mill_field *f,
                                     const mill_assignment *a);

/* commands, a file each */
const mill_node *mill_create_table(mill_planner *w, const mill_node *n);
const mill_node *mill_drop_table(mill_planner *w, const mill_node *n);
const mill_node *mill_alter_table(mill_planner *w, const mill_node *n);
const mill_node *mill_database_command(mill_planner *w, const mill_node *n);
const mill_node *mill_insert(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_change_rows(mill_planner *w, const mill_node *n); /* DELETE, UPDATE */
const mill_node *mill_merge(mill_planner *w, const mill_node *n);
const mill_node *mill_truncate(mill_planner *w, const mill_node *n);
const mill_node *mill_analyze_table(mill_planner *w, const mill_node *n);
const mill_node *mill_cache_command(mill_planner *w, const mill_node *n);
const mill_node *mill_describe(mill_planner *w, const mill_node *n);
const mill_node *mill_show(mill_planner *w, const mill_node *n);

/* char_padding.c: the metadata that tells CHAR(n) and VARCHAR(n) from STRING. */
const char *mill_char_metadata(mill_planner *w, const mill_type *t, const char *metadata);

/* upkeep.c: keep the rows of an analysed tree by the key; lazy: when they are first read. */
bool mill_keep_cached(mill_planner *w, const char *key, const mill_node *rows, bool lazy);
/* database.c: `old` with the keys of `change` set, or without them. */
bool mill_merge_properties(mill_planner *w, mill_options old, mill_options change, bool unset,
                           mill_options *out);
/* create_table.c: the field that a column becomes, its DEFAULT checked. */
bool mill_column_field(mill_planner *w, const char *statement, const mill_column *c,
                       mill_field *out);
/* describe.c: what SHOW TABLE EXTENDED says. */
const char *mill_table_information(mill_planner *w, const mill_catalog_table *t);
/* store_assignment.c: NULL where the value does not fit. */
const mill_expr *mill_x_try_cast(mill_planner *w, const mill_expr *e, const mill_type *t);

/* show_catalog.c: the records of spark.catalog. parts: a database, or a table; alias: a pattern. */
const mill_node *mill_show_database_records(mill_planner *w, const mill_node *n);
const mill_node *mill_show_table_records(mill_planner *w, const mill_node *n); /* `view`: views */
const mill_node *mill_show_table_record(mill_planner *w, const mill_node *n);
const mill_node *mill_show_column_records(mill_planner *w, const mill_node *n);
const mill_node *mill_show_cached(mill_planner *w, const mill_node *n); /* upkeep.c */

/* stream_table.c: the table as a source of a stream. */
const mill_node *mill_stream_relation(mill_planner *w, const mill_node *n,
                                      const mill_catalog_table *t);

/* save_table.c: df.write.saveAsTable where the table is there. */
bool mill_append_to_table(mill_planner *w, const mill_node *n, const mill_catalog_table *old);
bool mill_w_may_overwrite(mill_planner *w, const mill_node *n, const mill_catalog_table *old,
                          const mill_node *rows);
/* insert.c: does the tree read a file of the folder? */
bool mill_reads_folder(const mill_node *n, const char *folder);

/* fact_table.c: the rows of SHOW COLLATIONS, or with their catalogue those of collations(). */
const mill_node *mill_collation_table(mill_planner *w, const char *pattern, bool catalog);
/* command.c: rows that a command answers with. Types: one letter a column, s STRING, b BOOLEAN ("true"), as
** capitals NOT NULL. */
const mill_node *mill_answer(mill_planner *w, const char *const *names, const char *types,
                             const char *const *cells, int rows);
bool mill_show_matches(const char *pattern, const char *name);

#endif
