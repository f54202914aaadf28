SELECT
  id, 7 AS constant, id DIV 50 AS runs, id * 1000003 + id % 3 AS rising, -id * 977 AS falling, (id * 37) % 11 * 1000000 AS multiples,
  CAST(id % 2 = 0 AS BOOLEAN) AS b, CAST(id % 100 - 50 AS TINYINT) AS i8, CAST(id * 150 AS SMALLINT) AS i16, CAST(id AS INT) AS i32,
  CAST(hash(id) AS BIGINT) * 4294967311 + id AS noise,
  CAST(id % 13 AS FLOAT) / 4 AS f, CASE WHEN id = 33 THEN CAST('NaN' AS DOUBLE) WHEN id = 99 THEN -0.0D ELSE (id * 31 % 1000) / 100 END AS price,
  sqrt(CAST(id AS DOUBLE)) AS root, CAST(id * 5 % 997 AS DECIMAL(9,2)) AS dec, CAST(id AS DECIMAL(38,3)) AS narrow,
  CAST(id AS DECIMAL(38,0)) * CAST(100000000000000000000 AS DECIMAL(38,0)) AS wide,
  element_at(array('AIR', 'RAIL', 'a mode of more than twelve bytes', '', 'ünïcödé ✓'), CAST(id % 5 + 1 AS INT)) AS mode,
  concat('row ', id, ' of the text column') AS s, CAST(concat('x', id) AS BINARY) AS bin,
  IF(id % 7 = 0, NULL, element_at(array('N', 'R', 'A'), CAST(id % 3 + 1 AS INT))) AS flag, IF(id % 3 = 0, NULL, id * 10) AS some,
  CAST(NULL AS STRING) AS none, CAST(NULL AS BIGINT) AS never, date_add(DATE'1992-01-02', CAST(id * 17 % 2500 AS INT)) AS day,
  timestamp_seconds(id * 3600) AS hourly, sequence(1, id % 4) AS l, map(concat('k', id % 3), id) AS m,
  IF(id % 10 = 0, NULL, named_struct('a', id, 'b', IF(id % 4 = 0, NULL, concat('v', id % 6)))) AS st
FROM range(1, 201)
