SELECT id, CAST(hash(id) % 128 AS TINYINT) AS noise, IF(id DIV 100 % 4 = 1, NULL, concat('mode ', id % 3)) AS mode,
  IF(id % 1000 = 7, repeat(concat('a long one ', id, ' '), 8), CAST(NULL AS STRING)) AS long,
  IF(id % 500 = 0, concat('some text of row ', id), 'the same') AS text, IF(id > 8192, id / 8, NULL) AS eighth
FROM range(1, 8301)
