SELECT count(*), sum(l_orderkey), sum(l_quantity), sum(l_extendedprice), sum(l_tax), min(l_shipdate), max(l_comment), max(l_shipmode) FROM t
