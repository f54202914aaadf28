SELECT id, array_join(transform(sequence(1, 7), k -> elt(pmod(hash(id, k), 20) + 1, 'regular', 'final', 'deposits', 'sleep',
  'furiously', 'above', 'the', 'pending', 'accounts', 'carefully', 'ideas', 'nag', 'blithely', 'even', 'packages', 'are',
  'quickly', 'express', 'requests', 'among')), ' ') AS words, IF(id % 3 = 0, NULL, concat('n', id)) AS name, id / 8 AS eighth
FROM range(1, 1001)
